// Metrics: named counters, gauges and histograms, rendered in Prometheus' text format.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace peering {

/// A number that only grows. Thread-safe. Lives as long as its `Metrics`.
class Counter {
 public:
  virtual ~Counter() = default;
  virtual void add(double amount = 1) = 0;
  virtual double value() const = 0;
};

/// A number that goes up and down. Thread-safe. Lives as long as its `Metrics`.
class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void set(double value) = 0;
  virtual void add(double amount) = 0;
  virtual double value() const = 0;
};

/// Observations sorted into buckets. Thread-safe. Lives as long as its `Metrics`.
class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void observe(double value) = 0;
};

using Labels = std::map<std::string, std::string>;

/// The process's metrics. Asking twice for one name and labels gives the same object. Label values come
/// from fixed sets: never a tenant's names, prefixes or ids. Thread-safe; ask once at construction and
/// keep the reference on hot paths.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// `name` as Prometheus wants it: `peering_bmp_messages_total`.
  Counter& counter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels = {});
  /// `bounds`: upper bounds of the buckets, ascending.
  Histogram& histogram(std::string_view name, std::string_view help, std::vector<double> bounds,
                       const Labels& labels = {});
  /// Everything, in the text exposition format 0.0.4.
  std::string render() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace peering
