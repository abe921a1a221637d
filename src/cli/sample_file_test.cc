#include "cli/sample_file.h"

#include <sstream>

#include <gtest/gtest.h>

namespace peering::cli {
namespace {

std::vector<std::string> pieces_of(const std::string& text, const SampleForm& form, std::size_t bytes) {
  std::istringstream in(text);
  SampleFile file(in, form, bytes);
  std::vector<std::string> out;
  while (true) {
    auto piece = file.next();
    if (!piece || !*piece) return out;
    out.push_back(std::move(**piece));
  }
}

TEST(SampleForm, ComesFromTheNameOrTheFormat) {
  EXPECT_EQ(form_of("a.ndjson", "").content_type, "application/x-ndjson");
  EXPECT_EQ(form_of("a.csv.gz", "").content_type, "text/csv");
  EXPECT_EQ(form_of("a.csv.gz", "").content_encoding, "gzip");
  EXPECT_EQ(form_of("a.zst", "csv").content_encoding, "zstd");
  EXPECT_EQ(form_of("a.psm", "").content_type, "application/vnd.peering.samples.v1");
  EXPECT_FALSE(form_of("a.csv.gz", "").can_be_cut());
}

TEST(SampleFile, CutsBetweenLinesAndLosesNothing) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "{\"n\":" + std::to_string(i) + "}\n";
  text += "{\"last\":true}";
  for (const std::size_t bytes : {64U, 1000U, 1000000U}) {
    std::string together;
    for (const std::string& piece : pieces_of(text, form_of("a", ""), bytes)) {
      EXPECT_LE(piece.size(), bytes);
      EXPECT_EQ(piece.front(), '{');
      together += piece;
    }
    EXPECT_EQ(together, text);
  }
}

TEST(SampleFile, EveryCsvPieceHasTheHeading) {
  const auto pieces = pieces_of("time,client\n1,a\n2,b\n3,c\n", form_of("a.csv", ""), 8);
  EXPECT_EQ(pieces, (std::vector<std::string>{"time,client\n1,a\n2,b\n", "time,client\n3,c\n"}));
}

TEST(SampleFile, ALineThatNoRequestCarriesIsAnError) {
  std::istringstream in(std::string(200, 'x'));
  SampleFile file(in, form_of("a", ""), 100);
  EXPECT_FALSE(file.next());
}

TEST(SampleFile, CompressedFilesAreSentWhole) {
  EXPECT_EQ(pieces_of("abc\ndef\n", form_of("a.gz", ""), 4), std::vector<std::string>{"abc\ndef\n"});
  EXPECT_TRUE(pieces_of("", form_of("a.gz", ""), 4).empty());
}

}  // namespace
}  // namespace peering::cli
