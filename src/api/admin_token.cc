#include "api/admin_token.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "api/access.h"
#include "api/documents.h"
#include "base/json.h"
#include "base/log.h"

namespace peering::api {

namespace {

constexpr std::string_view admin_id = "admin";
constexpr std::size_t file_bytes_max = 4096;

// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }

 private:
  int value_;
};

tl::unexpected<Error> io_error(std::string_view what, const std::string& path) {
  const ErrorCode code = errno == ENOSPC || errno == EDQUOT ? ErrorCode::out_of_space : ErrorCode::io;
  return fail(code, "{} cannot be {}: {}", path, what, std::strerror(errno));
}

// The text in the file; nothing when there is no file.
Result<std::optional<std::string>> read_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    if (errno == ENOENT) return std::optional<std::string>{};
    return io_error("read", path);
  }
  std::string out(file_bytes_max, '\0');
  const ssize_t count = ::read(file.get(), out.data(), out.size());
  if (count < 0) return io_error("read", path);
  out.resize(static_cast<std::size_t>(count));
  while (!out.empty() && (out.back() == '\n' || out.back() == '\r' || out.back() == ' ')) out.pop_back();
  return std::optional<std::string>(std::move(out));
}

// Whole or not at all, and on the disk when it returns.
Result<void> write_file(const std::string& path, const std::string& text) {
  const std::string draft = path + ".new";
  ::unlink(draft.c_str());
  {
    const Descriptor file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (file.get() < 0) return io_error("written", draft);
    if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fsync(file.get()) != 0) {
      return io_error("written", draft);
    }
  }
  if (::rename(draft.c_str(), path.c_str()) != 0) return io_error("written", path);
  return {};
}

Result<void> store_token(store::ResourceStore& resources, const std::string& text, TimePoint at) {
  const Token token{std::string(admin_id), "first operator", Role::operator_, "/", at, {},
                    hash_of_token(text)};
  store::Write write;
  write.key = token_key(admin_id);
  write.type = token_type;
  write.document = json::serialize(to_json(token));
  const auto revision = resources.commit({&write, 1});
  if (!revision) return tl::unexpected(revision.error());
  return {};
}

}  // namespace

Result<void> write_admin_token(store::ResourceStore& resources, const std::string& data_dir, TimePoint at) {
  const std::string path = data_dir + "/admin.token";
  const auto present = read_file(path);
  if (!present) return tl::unexpected(present.error());
  if (!*present) {
    const std::string text = make_token_text(admin_id);
    // The store first: a file whose token is not known would not be repaired.
    if (auto stored = store_token(resources, text, at); !stored) return stored;
    log::info("a token for the operator is in {}", path);
    return write_file(path, text + "\n");
  }
  const store::ListQuery any{std::string(token_type), "", "", 1};
  const auto tokens = resources.list(any);
  if (!tokens) return tl::unexpected(tokens.error());
  if (!tokens->empty()) return {};
  if (token_id_of(**present) != admin_id) {
    return fail(ErrorCode::invalid_argument, "{} holds no token of this program; delete it to get a new one",
                path);
  }
  return store_token(resources, **present, at);
}

}  // namespace peering::api
