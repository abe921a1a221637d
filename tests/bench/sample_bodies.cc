// Round-trip samples in the forms in which we and others take them, and SQLite taking them.
//
// `sample_bodies FORM FOLDER BASE_US KEYS BODIES PER_BODY` writes files FOLDER/0, FOLDER/1, …, each a body of
// PER_BODY samples: `peering` (our binary form), `ndjson`, `rowbinary` and `jsoneachrow` (ClickHouse), `copy`
// (PostgreSQL's COPY, binary). Sample number n is the same in every form.
// `sample_bodies history FOLDER BASE_US NETWORKS BINS PER_BIN` writes bodies in our binary form: so many bins
// from BASE_US on, in each of which every client network has PER_BIN samples at every PoP.
// `sample_bodies sqlite FILE BASE_US KEYS BODIES PER_BODY` inserts them, a body a transaction, WAL and
// synced, and prints the seconds.
//
// KEYS is how many client networks × PoPs × bins of five minutes there are: ten PoPs and at most 25,000
// networks 10.N.M.0/24 (N < 100, M < 250), the rest bins from BASE_US on. Round-trip times are 20 ms and a
// log-normal access network.
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <string_view>

#include <sqlite3.h>

namespace {

constexpr std::uint64_t bin_us = 300'000'000, pops = 10, most_networks = 25'000;

[[noreturn]] void stop(const std::string& why) {
  std::fprintf(stderr, "sample_bodies: %s\n", why.c_str());
  std::exit(1);
}

struct Sample {
  std::uint64_t at_us = 0;
  std::uint32_t client = 0, rtt_us = 0;
  std::uint16_t pop = 0;
};

// Draws sample after sample: every key comes as often as any other, in no order.
class Samples {
 public:
  Samples(std::uint64_t base_us, std::uint64_t keys) : base_us_(base_us), keys_(keys) {
    networks_ = std::min(keys / pops, most_networks);
    if (networks_ == 0 || keys % (networks_ * pops) != 0)
      stop("KEYS is no multiple of the networks and PoPs");
  }
  Sample next() {
    const std::uint64_t key = random_() % keys_;
    const auto network = static_cast<std::uint32_t>(key % networks_);
    const std::uint64_t rest = key / networks_;
    Sample out;
    out.pop = static_cast<std::uint16_t>(rest % pops);
    out.client = 0x0A000000U | network / 250 << 16 | network % 250 << 8 | (random_() & 0xff);
    out.at_us = base_us_ + rest / pops * bin_us + random_() % bin_us;
    out.rtt_us = 20'000 + static_cast<std::uint32_t>(10'000 * std::exp(access_(random_)));
    return out;
  }

 private:
  std::uint64_t base_us_, keys_, networks_;
  std::mt19937 random_{9};
  std::normal_distribution<double> access_{0, 0.5};
};

template <class T>
void little(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
template <class T>
void big(std::string& out, T value) {
  for (std::size_t i = sizeof value; i-- > 0;)
    out += static_cast<char>(static_cast<std::uint64_t>(value) >> 8 * i & 0xff);
}

// IPv4 as ::ffff:a.b.c.d.
void mapped(std::string& out, std::uint32_t client) {
  out.append(10, '\0').append(2, '\xff');
  big(out, client);
}

std::string pop_name(std::uint64_t pop) { return "POP" + std::to_string(pop); }

std::string dotted(std::uint32_t client) {
  char text[16];
  std::snprintf(text, sizeof text, "%u.%u.%u.%u", client >> 24, client >> 16 & 255, client >> 8 & 255,
                client & 255);
  return text;
}

std::string head(std::string_view form, std::uint64_t base_us) {
  std::string out;
  if (form == "peering") {
    out = "PSM1";
    little(out, static_cast<std::uint16_t>(pops));
    little(out, std::uint16_t{5});
    little(out, base_us);
    for (std::uint64_t pop = 0; pop < pops; ++pop) out += '\4' + pop_name(pop);
    out += "bench";
  } else if (form == "copy") {
    out = std::string("PGCOPY\n\xff\r\n\0", 11) + std::string(8, '\0');
  }
  return out;
}

void append(std::string& out, std::string_view form, const Sample& sample, std::uint64_t base_us) {
  if (form == "peering") {
    little(out, static_cast<std::int64_t>(sample.at_us - base_us));
    mapped(out, sample.client);
    little(out, sample.rtt_us);
    little(out, sample.pop);
    out.append(2, '\0');
  } else if (form == "rowbinary") {
    little(out, sample.at_us);
    mapped(out, sample.client);
    little(out, sample.rtt_us);
    little(out, sample.pop);
    out += '\0';
  } else if (form == "copy") {
    big(out, std::int16_t{4});
    big(out, std::int32_t{8});
    big(out, sample.at_us);
    big(out, std::int32_t{8});
    out += std::string("\2\x20\0\4", 4);
    big(out, sample.client);
    big(out, std::int32_t{4});
    big(out, sample.rtt_us);
    big(out, std::int32_t{2});
    big(out, sample.pop);
  } else if (form == "ndjson" || form == "jsoneachrow") {
    char time[32];
    std::snprintf(time, sizeof time, "%.6f", static_cast<double>(sample.at_us) * 1e-6);
    const bool ours = form == "ndjson";
    out += ours ? std::string("{\"time\":") + time : "{\"at\":" + std::to_string(sample.at_us);
    out += ",\"client\":\"" + dotted(sample.client) + "\",\"pop\":\"" + pop_name(sample.pop) +
           "\",\"rtt_us\":" + std::to_string(sample.rtt_us) + "}\n";
  } else {
    stop("no form " + std::string(form));
  }
}

void write_file(const std::string& name, const std::string& bytes) {
  std::FILE* const file = std::fopen(name.c_str(), "wb");
  if (!file || std::fwrite(bytes.data(), 1, bytes.size(), file) != bytes.size() || std::fclose(file) != 0)
    stop(name + " cannot be written");
}

// In order of time, as edges send them.
void write_history(const std::string& folder, std::uint64_t base_us, std::uint64_t networks, std::uint64_t bins,
                   std::uint64_t per_bin) {
  constexpr std::uint64_t samples_of_body = 100'000;
  Samples draw(base_us, networks * pops);
  std::uint64_t files = 0, in_body = 0;
  std::string out = head("peering", base_us);
  for (std::uint64_t bin = 0; bin < bins; ++bin) {
    for (std::uint64_t key = 0; key < networks * pops * per_bin; ++key) {
      Sample sample = draw.next();
      const auto network = static_cast<std::uint32_t>(key % networks);
      sample.client = 0x0A000000U | network / 250 << 16 | network % 250 << 8 | (sample.client & 0xff);
      sample.pop = static_cast<std::uint16_t>(key / networks % pops);
      sample.at_us += bin * bin_us;
      append(out, "peering", sample, base_us);
      if (++in_body < samples_of_body) continue;
      write_file(folder + "/" + std::to_string(files++), out);
      out = head("peering", base_us);
      in_body = 0;
    }
  }
  if (in_body > 0) write_file(folder + "/" + std::to_string(files), out);
}

void write_bodies(std::string_view form, const std::string& folder, std::uint64_t base_us, Samples samples,
                  std::uint64_t bodies, std::uint64_t per_body) {
  for (std::uint64_t body = 0; body < bodies; ++body) {
    std::string out = head(form, base_us);
    for (std::uint64_t i = 0; i < per_body; ++i) append(out, form, samples.next(), base_us);
    if (form == "copy") out += "\xff\xff";
    write_file(folder + "/" + std::to_string(body), out);
  }
}

void run_sql(sqlite3* database, const char* sql) {
  if (sqlite3_exec(database, sql, nullptr, nullptr, nullptr) != SQLITE_OK) stop(sqlite3_errmsg(database));
}

void insert_all(const char* file, Samples samples, std::uint64_t bodies, std::uint64_t per_body) {
  sqlite3* database = nullptr;
  if (sqlite3_open(file, &database) != SQLITE_OK) stop(sqlite3_errmsg(database));
  run_sql(database,
          "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
          "CREATE TABLE samples (at INTEGER, client INTEGER, pop INTEGER, rtt INTEGER)");
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(database, "INSERT INTO samples VALUES (?, ?, ?, ?)", -1, &insert, nullptr);
  const auto start = std::chrono::steady_clock::now();
  for (std::uint64_t body = 0; body < bodies; ++body) {
    run_sql(database, "BEGIN IMMEDIATE");
    for (std::uint64_t i = 0; i < per_body; ++i) {
      const Sample sample = samples.next();
      sqlite3_bind_int64(insert, 1, static_cast<sqlite3_int64>(sample.at_us));
      sqlite3_bind_int64(insert, 2, sample.client);
      sqlite3_bind_int64(insert, 3, sample.pop);
      sqlite3_bind_int64(insert, 4, sample.rtt_us);
      if (sqlite3_step(insert) != SQLITE_DONE) stop(sqlite3_errmsg(database));
      sqlite3_reset(insert);
    }
    run_sql(database, "COMMIT");
  }
  std::printf("%.6f\n", std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  sqlite3_finalize(insert);
  sqlite3_close(database);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 7) stop("FORM FOLDER BASE_US KEYS BODIES PER_BODY");
  const auto number = [&](int at) { return std::strtoull(arguments[at], nullptr, 10); };
  if (std::string_view(arguments[1]) == "history") {
    write_history(arguments[2], number(3), number(4), number(5), number(6));
    return 0;
  }
  const Samples samples(number(3), number(4));
  if (std::string_view(arguments[1]) == "sqlite") {
    insert_all(arguments[2], samples, number(5), number(6));
  } else {
    write_bodies(arguments[1], arguments[2], number(3), samples, number(5), number(6));
  }
  return 0;
}
