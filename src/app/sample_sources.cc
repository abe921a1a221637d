#include "app/sample_sources.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace peering::app {

SampleSources::SampleSources(SampleSourceServices services, Metrics& metrics)
    : services_(std::move(services)),
      metrics_(metrics),
      queue_([accept_samples = services_.accept_samples](const model::SampleBatch& batch) {
        return accept_samples(batch, "").map([](const auto&) {});
      }) {}

Result<std::optional<http::Endpoint>> SampleSources::start(const Configuration& configuration) {
  std::optional<http::Endpoint> out;
  const auto accept = [accept_samples = services_.accept_samples](const model::SampleBatch& batch) {
    return accept_samples(batch, "").map([](const auto&) {});
  };
  if (configuration.latency.beacon_enabled) queue_.start();
  if (!configuration.latency.syslog_listen.empty()) {
    syslog_ = std::make_unique<LogSamples>(log_samples_settings(configuration),
                                           LogSamplesServices{accept, services_.registry}, metrics_);
    const auto bound = syslog_->start();
    if (!bound) return tl::unexpected(bound.error());
    out = *bound;
  }
  if (!configuration.latency.files.empty()) {
    auto settings = file_samples_settings(configuration);
    if (!settings) return tl::unexpected(settings.error());
    files_ = std::make_unique<FileSamples>(
        std::move(*settings), FileSamplesServices{services_.accept_samples, services_.registry}, metrics_);
    if (auto done = files_->start(); !done) return tl::unexpected(done.error());
  }
  return out;
}

void SampleSources::stop() {
  if (syslog_) syslog_->stop();
  if (files_) files_->stop();
  queue_.stop();
}

std::vector<std::string> SampleSources::troubles() const {
  std::vector<std::string> out = files_ ? files_->troubles() : std::vector<std::string>();
  if (syslog_) std::ranges::move(syslog_->troubles(), std::back_inserter(out));
  return out;
}

}  // namespace peering::app
