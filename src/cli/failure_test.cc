#include "cli/failure.h"

#include <gtest/gtest.h>

namespace peering::cli {
namespace {

http::Response answer(int status, std::string body) {
  http::Response out;
  out.status = status;
  out.body = std::move(body);
  return out;
}

TEST(Failure, StatusesBecomeTheDocumentedExitCodes) {
  EXPECT_EQ(exit_code_of_status(404), ExitCode::not_found);
  EXPECT_EQ(exit_code_of_status(409), ExitCode::conflict);
  EXPECT_EQ(exit_code_of_status(412), ExitCode::conflict);
  EXPECT_EQ(exit_code_of_status(401), ExitCode::not_permitted);
  EXPECT_EQ(exit_code_of_status(403), ExitCode::not_permitted);
  EXPECT_EQ(exit_code_of_status(400), ExitCode::failed);
  EXPECT_EQ(exit_code_of_status(503), ExitCode::failed);
}

TEST(Failure, ShowsArmCodeMessageAndRequest) {
  http::Response response =
      answer(404, R"({"error":{"code":"ResourceNotFound","message":"The Resource 'x' was not found."}})");
  response.headers.set("x-ms-request-id", "5f1d");
  const Failure failure = failure_of(response).value();
  EXPECT_EQ(failure.message, "ResourceNotFound: The Resource 'x' was not found. (HTTP 404, request 5f1d)");
  EXPECT_EQ(failure.code, ExitCode::not_found);
  EXPECT_EQ(failure.status, 404);
}

TEST(Failure, AnAnswerWithoutReasonStillHasItsStatus) {
  EXPECT_EQ(failure_of(answer(502, "<html>")).value().message, "the server answered 502 without saying why");
  EXPECT_EQ(failure_of(answer(403, "")).value().code, ExitCode::not_permitted);
}

TEST(Failure, WhatTheProgramRefusesIsAUsageError) {
  EXPECT_EQ(failure_of(Error{ErrorCode::invalid_argument, "x"}).value().code, ExitCode::usage);
  EXPECT_EQ(failure_of(Error{ErrorCode::io, "x"}).value().code, ExitCode::failed);
}

}  // namespace
}  // namespace peering::cli
