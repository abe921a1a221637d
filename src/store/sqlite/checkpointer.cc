#include "store/sqlite/checkpointer.h"

#include "base/log.h"

namespace peering::store::sqlite {

namespace {

// Pages of 4 KiB. Moving seldom spares work, since a page that was written ten times meanwhile is moved once.
// A log that has `finish_from` pages is as long as the file that SQLite keeps of it; shortly before that it
// is moved more often, so that little is left to be done by the writer.
constexpr std::size_t move_every = 4000, finish_from = 16'384, finish_again = 256;
constexpr std::size_t move_at_end_from = finish_from - 1000, move_at_end_every = 250;

std::size_t pause_at(std::size_t log_pages) {
  return log_pages < move_at_end_from ? move_every : move_at_end_every;
}

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
  if (log_pages < asked_at_ + pause_at(log_pages)) return;
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
