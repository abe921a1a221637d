#include "store/sqlite/checkpointer.h"

#include "base/log.h"

namespace peering::store::sqlite {

namespace {

// Pages of 4 KiB. A log that has the second number of pages is as long as the file that SQLite keeps of it.
constexpr std::size_t move_every = 1000, finish_from = 16'384, finish_again = 256;

void warn_unless(const Result<void>& done) {
  if (!done) log::warning("the write-ahead log of the resources stays long: {}", done.error().message);
}

}  // namespace

Checkpointer::Checkpointer(Database& writer, Database own)
    : writer_(writer), own_(std::move(own)), thread_([this] { run(); }) {
  writer_.after_commit([this](std::size_t log_pages) { committed(log_pages); });
}

Checkpointer::~Checkpointer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  asked_.notify_one();
  thread_.join();
}

void Checkpointer::committed(std::size_t log_pages) {
  if (log_pages < asked_at_) asked_at_ = finished_at_ = 0;  // it began anew
  if (log_pages >= finish_from && log_pages >= finished_at_ + finish_again) {
    finished_at_ = log_pages;
    return warn_unless(writer_.checkpoint());
  }
  if (log_pages < asked_at_ + move_every) return;
  asked_at_ = log_pages;
  {
    const std::lock_guard lock(mutex_);
    wanted_ = true;
  }
  asked_.notify_one();
}

void Checkpointer::run() {
  for (std::unique_lock lock(mutex_);;) {
    asked_.wait(lock, [&] { return wanted_ || stopping_; });
    if (stopping_) return;
    wanted_ = false;
    lock.unlock();
    warn_unless(own_.checkpoint());
    lock.lock();
  }
}

}  // namespace peering::store::sqlite
