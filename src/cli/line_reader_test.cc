#include "cli/line_reader.h"

#include <sstream>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peering::cli {
namespace {

using testing::ElementsAre;

std::vector<std::string> lines_of(std::istream& in, std::size_t bytes_max = 100) {
  std::vector<std::string> out;
  LineReader reader(in, bytes_max);
  for (std::string_view line; reader.next(line);) {
    out.push_back(std::string(line) + (reader.too_long() ? "…" : ""));
  }
  return out;
}

std::vector<std::string> lines_of(const std::string& text, std::size_t bytes_max = 100) {
  std::istringstream in(text);
  return lines_of(in, bytes_max);
}

// Gives one byte at a time and says of none that it is ready.
class Trickle : public std::streambuf {
 public:
  explicit Trickle(std::string text) : text_(std::move(text)) {}

 protected:
  int_type underflow() override {
    if (at_ == text_.size()) return traits_type::eof();
    setg(&text_[at_], &text_[at_], &text_[at_] + 1);
    ++at_;
    return traits_type::to_int_type(*gptr());
  }

 private:
  std::string text_;
  std::size_t at_ = 0;
};

TEST(LineReader, GivesLinesWithoutTheirEnds) {
  EXPECT_THAT(lines_of("one\ntwo\r\n\nfour"), ElementsAre("one", "two", "", "four"));
  EXPECT_THAT(lines_of(""), ElementsAre());
  EXPECT_THAT(lines_of("\n"), ElementsAre(""));
}

TEST(LineReader, KeepsSoMuchOfALongLineAndGoesOnBehindIt) {
  EXPECT_THAT(lines_of("12345\n123456\n1\n", 5), ElementsAre("12345", "12345…", "1"));
}

TEST(LineReader, TakesAStreamThatComesInDrops) {
  Trickle drops("one\r\ntwo\nthr");
  std::istream in(&drops);
  EXPECT_THAT(lines_of(in), ElementsAre("one", "two", "thr"));
}

TEST(LineReader, PutsLinesTogetherThatLieInTwoBlocks) {
  std::string text;
  for (int i = 0; i < 60'000; ++i) text += "line " + std::to_string(i) + "\n";
  const auto lines = lines_of(text);
  ASSERT_EQ(lines.size(), 60'000U);
  for (int i = 0; i < 60'000; ++i) ASSERT_EQ(lines[static_cast<std::size_t>(i)], "line " + std::to_string(i));
}

}  // namespace
}  // namespace peering::cli
