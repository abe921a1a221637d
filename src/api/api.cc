#include "api/api.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <future>
#include <mutex>

#include "api/access.h"
#include "api/admin_token.h"
#include "api/answer_memory.h"
#include "api/arm/api_version.h"
#include "api/arm/headers.h"
#include "api/arm/names.h"
#include "api/arm/resource_id.h"
#include "api/audit_entry.h"
#include "api/documents.h"
#include "api/network_allowance.h"
#include "api/rehearsal_store.h"
#include "api/request_metrics.h"
#include "api/role_directory.h"
#include "api/routes.h"
#include "api/subscription_document.h"
#include "api/throttle.h"
#include "base/log.h"
#include "latency/reachability.h"

namespace peering::api {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int attempts_max = 4;
constexpr std::size_t answers_bytes_max = 16 * 1024 * 1024;
// Fewer than the store takes before one who commits has to wait.
constexpr std::size_t changes_at_once_max = 1024;
constexpr std::size_t shown_method_bytes_max = 32;

// What is learned on the way to the answer and goes into metrics and headers.
struct Noted {
  arm::RequestIds ids;
  std::string_view operation = "none";
  std::string_view remaining_field;  // empty: no quota was asked
  std::int64_t remaining = 0;
  bool absent = false;  // the registry says that there is no such resource yet
};

// What is known of a request before its handler runs.
struct Parsed {
  std::vector<std::string> segments;
  std::string path, key;
  arm::Query query;
  std::optional<arm::ResourceId> id;
};

// Azure's clients ask for the operations of a group's deployment without the namespace.
void complete_namespace(std::vector<std::string>& segments) {
  const bool bare = segments.size() > 5 && arm::same_name(segments[2], "resourceGroups") &&
                    arm::same_name(segments[4], "deployments");
  if (bare) segments.insert(segments.begin() + 4, {"providers", "Microsoft.Resources"});
}

arm::Expected<Parsed> parse(const http::Request& request) {
  std::string_view target = request.target;
  // Azure's clients write "/{id}/…" with an id that begins with a slash itself.
  if (target.starts_with("//subscriptions/")) target.remove_prefix(1);
  const std::size_t mark = target.find('?');
  Parsed out;
  auto segments = arm::split_path(target.substr(0, mark));
  auto query =
      arm::Query::parse(mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1));
  if (!segments) return arm::failed(segments.error());
  if (!query) return arm::failed(query.error());
  out.segments = std::move(*segments);
  complete_namespace(out.segments);
  out.query = std::move(*query);
  out.path = arm::join_path(out.segments);
  out.key = model::lower(out.path);
  out.id = arm::parse_resource_id(out.segments);
  return out;
}

// The namespace whose versions apply; empty for ARM itself.
std::string_view name_space_of(const arm::ResourceId& id) {
  if (id.providers.empty() || id.providers.back().types.empty()) return {};
  const arm::ProviderPart& last = id.providers.back();
  // `POST …/providers/Microsoft.Peering/register` and `unregister` belong to ARM.
  const std::string_view action = last.names.empty() ? std::string_view(last.types.front()) : "";
  if (arm::same_name(action, "register") || arm::same_name(action, "unregister")) return {};
  return last.name_space;
}

tl::unexpected<arm::Failure> unknown_type(const arm::ResourceId& id) {
  if (!id.providers.empty() && arm::api_versions(id.providers.back().name_space).empty()) {
    return arm::refuse(
        404, "InvalidResourceNamespace",
        fmt::format("The resource namespace '{}' is invalid.", id.providers.back().name_space));
  }
  return arm::refuse(404, "InvalidResourceType",
                     fmt::format("The resource type '{}' could not be found.", arm::type_of(id)));
}

tl::unexpected<arm::Failure> wrong_method(const http::Request& request,
                                          const std::vector<http::Method>& allowed) {
  const std::string_view method =
      request.method == http::Method::other ? request.verb : http::to_string(request.method);
  std::string list;
  for (const http::Method each : allowed) {
    if (!list.empty()) list += ", ";
    list += http::to_string(each);
  }
  arm::Failure out{405,
                   "MethodNotAllowed",
                   fmt::format("The method '{}' is not allowed here; allowed: {}.",
                               method.substr(0, shown_method_bytes_max), list),
                   {}};
  out.headers.emplace_back("Allow", std::move(list));
  return tl::unexpected(std::move(out));
}

// HEAD of a resource: Azure's clients take 204 and 404 for an answer, and 200 for an error.
bool asks_for_existence(const http::Request& request, const Match& match, const arm::ResourceId& id) {
  if (request.method != http::Method::head || match.route->method != http::Method::get) return false;
  if (id.providers.empty()) return false;
  const arm::ProviderPart& last = id.providers.back();
  return !last.types.empty() && last.names.size() == last.types.size();
}

http::Response no_content() {
  http::Response out;
  out.status = 204;
  return out;
}

arm::Expected<void> check_names(const Route& route, const Match& match) {
  if (route.method != http::Method::put) return {};
  for (const auto& [parameter, value] : match.parameters) {
    if (parameter == "subscriptionId" || parameter == "resourceGroupName" || parameter == "scope") continue;
    if (!arm::is_resource_name(value)) {
      return arm::refuse(400, "InvalidResourceName",
                         invalid(parameter, value, arm::resource_name_rule).message);
    }
  }
  return {};
}

}  // namespace

struct Api::State {
  explicit State(Services given)
      : services(std::move(given)),
        roles(services.resources),
        answers(services.resources, roles, answers_bytes_max),
        requests(services.metrics),
        throttle(services.settings.quotas),
        beacon_allowance(services.settings.beacon.network_per_minute_max) {
    services.roles = &roles;
    services.beacon_allowance = &beacon_allowance;
    services.reachability = &reachability;
  }

  Services services;
  RoleDirectory roles;
  AnswerMemory answers;
  RequestMetrics requests;
  RefusalLog refusals;
  Throttle throttle;
  NetworkAllowance beacon_allowance;
  latency::Reachability reachability;
  // Changes that were decided at once and are under way.
  std::atomic<std::size_t> changes_at_once{0};
  // Checking and committing is one step within a subscription.
  std::array<std::mutex, 64> locks;

  std::mutex& lock_of(const std::string& subscription) {
    return locks[std::hash<std::string>{}(subscription) % locks.size()];
  }

  // 404 looks the same for a subscription that is not there and for one that is another tenant's.
  arm::Expected<void> check_subscription(const Caller& caller, const Parsed& parsed, bool creates) {
    const std::string& given = parsed.id->subscription;
    if (given.empty()) return {};
    if (!arm::is_guid(given)) {
      return arm::refuse(
          400, "InvalidSubscriptionId",
          fmt::format("The provided subscription identifier '{}' is malformed or invalid.", given));
    }
    const auto missing = [&] {
      return arm::refuse(404, "SubscriptionNotFound",
                         fmt::format("The subscription '{}' could not be found.", given));
    };
    const std::string key = "/subscriptions/" + model::lower(given);
    if (!may_know(caller, key)) return missing();
    if (creates) return {};
    const auto stored = services.resources.get(key);
    if (!stored) return arm::failed(stored.error());
    if (!*stored) return missing();
    return {};
  }

  arm::Expected<void> check_group(const Caller& caller, const Parsed& parsed, bool creates) {
    const std::string& given = parsed.id->resource_group;
    if (given.empty()) return {};
    const std::string key = fmt::format("/subscriptions/{}/resourcegroups/{}",
                                        model::lower(parsed.id->subscription), model::lower(given));
    const auto missing = [&] {
      return arm::refuse(404, "ResourceGroupNotFound",
                         fmt::format("Resource group '{}' could not be found.", given));
    };
    if (!may_know(caller, key)) return missing();
    if (creates) return {};
    const auto stored = services.resources.get(key);
    if (!stored) return arm::failed(stored.error());
    if (!*stored) return missing();
    return {};
  }

  // Only for a subscription that is there and that the caller may know of.
  arm::Expected<void> check_quota(const http::Request& request, const arm::ResourceId& id, TimePoint at,
                                  Noted& noted) {
    if (id.subscription.empty()) return {};
    const Throttle::Verdict verdict = throttle.take(model::lower(id.subscription), request.method, at);
    if (!verdict.limited) return {};
    const bool action = request.method == http::Method::post;
    noted.remaining_field = remaining_field(
        request.method, !action && !id.providers.empty() && id.providers.back().types.size() == 1);
    noted.remaining = verdict.remaining;
    if (verdict.allowed) return {};
    const std::string wait = std::to_string(verdict.retry_after.count());
    return tl::unexpected(
        arm::Failure{429,
                     "SubscriptionRequestsThrottled",
                     fmt::format("Number of requests for subscription '{}' exceeded the limit of an hour. "
                                 "Please try again after '{}' seconds.",
                                 id.subscription, wait),
                     {{"Retry-After", wait}}});
  }

  // Answers for a caller who is known already, and waits for what comes later.
  http::Response ask(const Caller& caller, const http::Request& request, int deep) {
    const auto started = Clock::now();
    Noted noted;
    noted.ids = arm::request_ids(request);
    http::Response out = guarded_from_exceptions("a request", [&]() -> arm::Answer {
      const auto parsed = parse(request);
      if (!parsed) return tl::unexpected(parsed.error());
      const Match match = match_route(request.method, parsed->segments);
      if (match.route) noted.operation = match.route->operation;
      if (!parsed->id) return arm::refuse(404, "NotFound", "There is nothing at this path.");
      return answer_known(request, match, *parsed, caller, services.clock(), noted, deep);
    });
    requests.count(noted.operation, out.status, Clock::now() - started);
    return out;
  }

  struct Rehearsal;
  std::function<Asker()> rehearser(const Caller& caller, int deep);

  // Everything that a change needs whose commit is under way.
  struct Pending {
    const Route& route;
    const http::Request& request;
    Parsed parsed;
    Caller caller;
    std::map<std::string, std::string, std::less<>> parameters;
    TimePoint at;
    Origin origin;
    http::Response success;
    std::string changed_key;
    std::function<void(http::Response)> answer;
  };

  Call call_of(const Pending& pending) {
    Call out{services,           pending.request,     pending.parsed.query, pending.caller,
             pending.parameters, pending.parsed.path, pending.parsed.key,   pending.at};
    out.origin = &pending.origin;
    return out;
  }

  // Decides on a change and leaves the commit to the store's own thread.
  arm::Answer run_guarded(Pending pending, bool absent) {
    Call call = call_of(pending);
    call.defers = true;
    call.absent = absent;
    arm::Answer answer = pending.route.handler(call);
    if (!answer || call.deferred.empty()) return answer;
    pending.success = std::move(*answer);
    pending.changed_key = std::move(call.changed_key);
    http::Response out;
    out.later = [this, waiting = std::make_shared<Pending>(std::move(pending)),
                 writes = std::move(call.deferred)](std::function<void(http::Response)> give) mutable {
      waiting->answer = std::move(give);
      services.resources.commit_later(
          std::move(writes),
          [this, waiting](const Result<model::Revision>& done) { committed(waiting, done); });
    };
    return out;
  }

  // On the store's thread: must not block.
  void committed(const std::shared_ptr<Pending>& waiting, const Result<model::Revision>& done) {
    if (!done && done.error().code == ErrorCode::conflict) return decide_again(waiting);
    if (!done) return waiting->answer(arm::to_response(arm::to_failure(done.error())));
    roles.follow(waiting->changed_key);
    services.resources_changed();
    const auto applied = [waiting](const Result<void>& in_force) {
      warn_unless(in_force);
      waiting->answer(std::move(waiting->success));
    };
    if (!services.when_applied) return applied(services.wait_applied(*done));
    services.when_applied(*done, applied);
  }

  void decide_again(const std::shared_ptr<Pending>& waiting) {
    const auto job = [this, waiting] {
      waiting->answer(guarded_from_exceptions("again", [&] {
        Call call = call_of(*waiting);
        return run(waiting->route, call, waiting->parsed);
      }));
    };
    if (!services.on_worker) return job();
    if (services.on_worker(job)) return;
    arm::Failure busy{503, "ServiceUnavailable", "The server is busy; try again.", {{"Retry-After", "1"}}};
    waiting->answer(arm::to_response(busy));
  }

  static void warn_unless(const Result<void>& in_force) {
    if (in_force) return;
    log::warning("a change is stored but not in force yet: {}", in_force.error().message);
  }

  template <class Make>
  static http::Response guarded_from_exceptions(std::string_view operation, Make make) {
    try {
      arm::Answer answer = make();
      return answer ? std::move(*answer) : arm::to_response(answer.error());
    } catch (const std::exception& failure) {
      log::error("{} failed: {}", operation, failure.what());
    }
    return arm::to_response(
        arm::Failure{500, "InternalServerError", "The server failed to answer; the log has the reason.", {}});
  }

  // A resource is made only where the subscription has its provider. Children are where their parents are.
  static arm::Expected<void> check_registration(const Route& route, const Call& call, const Parsed& parsed) {
    constexpr std::string_view name_space = "Microsoft.Peering";
    if (route.method != http::Method::put || !parsed.id || parsed.id->subscription.empty()) return {};
    if (!arm::same_name(name_space_of(*parsed.id), name_space)) return {};
    return check_registered(call, name_space);
  }

  // Runs the handler; again when another writer on another node was faster.
  arm::Answer run(const Route& route, Call& call, const Parsed& parsed) {
    std::unique_lock<std::mutex> lock;
    if (route.effect != Effect::none) {
      lock = std::unique_lock(lock_of(parsed.id ? model::lower(parsed.id->subscription) : std::string()));
    }
    if (auto ok = check_registration(route, call, parsed); !ok) return tl::unexpected(ok.error());
    arm::Answer answer = route.handler(call);
    for (int attempt = 1; call.raced && attempt < attempts_max; ++attempt) {
      call.raced = false;
      answer = route.handler(call);
    }
    if (call.committed) roles.follow(call.changed_key);
    if (lock.owns_lock()) lock.unlock();
    if (!call.committed) {
      if (!answer && answer.error().status == 403) refusals.add(call);
      return answer;
    }
    services.resources_changed();
    if (route.effect != Effect::writes) warn_unless(services.wait_applied(*call.committed));
    return answer;
  }

  // A deployment holds nothing while it makes its changes, and is kept itself nevertheless.
  static bool is_audited(const Route& route) {
    return route.effect != Effect::none || route.method == http::Method::put ||
           route.method == http::Method::delete_;
  }

  static Attempt attempt_of(const Route& route, const Parsed& parsed) {
    Attempt out;
    out.permission = route.permission;
    out.key = parsed.key.empty() ? "/" : parsed.key;
    out.scope = parsed.path.empty() ? "/" : parsed.path;
    out.action = route.operation;
    if (!parsed.id) return out;
    out.subscription = model::lower(parsed.id->subscription);
    out.action = fmt::format("{}/{}", arm::type_of(*parsed.id), verb_of(route.method));
    return out;
  }

  arm::Answer run_authorized(const http::Request& request, const Match& match, const Parsed& parsed,
                             const Caller& caller, TimePoint at, const Noted& noted, int deep = 0) {
    const Route& route = *match.route;
    Origin origin;
    Call call{services, request, parsed.query, caller, match.parameters, parsed.path, parsed.key, at};
    const Attempt attempt = attempt_of(route, parsed);
    if (is_audited(route)) {
      const std::string action = action_of(route);
      // The table does not say of which provider.
      origin = {route.operation, action.starts_with('{') ? attempt.action : action, noted.ids};
      call.origin = &origin;
    }
    if (auto ok = authorize(caller, attempt); !ok) {
      if (ok.error().status == 403) refusals.add(call);
      return tl::unexpected(ok.error());
    }
    if (auto ok = check_names(route, match); !ok) return tl::unexpected(ok.error());
    if (route.effect == Effect::guarded && deep == 0) {
      return run_guarded(
          {route, request, parsed, caller, match.parameters, at, std::move(origin), {}, {}, {}},
          noted.absent);
    }
    call.asks_deep = deep;
    if (route.effect == Effect::none) {
      call.ask = [this, &caller, deep](const http::Request& asked) { return ask(caller, asked, deep + 1); };
      call.rehearse = rehearser(caller, deep + 1);
    }
    return run(route, call, parsed);
  }

  arm::Answer answer_arm(const http::Request& request, const Match& match, const Parsed& parsed, TimePoint at,
                         Noted& noted) {
    const auto caller = identify(services, request, at);
    if (!caller) return tl::unexpected(caller.error());
    return answer_known(request, match, parsed, *caller, at, noted, 0);
  }

  arm::Answer answer_known(const http::Request& request, const Match& match, const Parsed& parsed,
                           const Caller& caller, TimePoint at, Noted& noted, int deep) {
    if (auto ok = arm::check_api_version(name_space_of(*parsed.id), parsed.query.get("api-version")); !ok) {
      return tl::unexpected(ok.error());
    }
    const bool put = request.method == http::Method::put && parsed.id->providers.empty();
    const bool group = !parsed.id->resource_group.empty();
    if (auto ok = check_subscription(caller, parsed, put && !group); !ok) return tl::unexpected(ok.error());
    if (auto ok = check_quota(request, *parsed.id, at, noted); !ok) return tl::unexpected(ok.error());
    if (auto ok = check_group(caller, parsed, put && group); !ok) return tl::unexpected(ok.error());
    if (match.allowed.empty()) return unknown_type(*parsed.id);
    if (!match.route) return wrong_method(request, match.allowed);
    arm::Answer out = run_authorized(request, match, parsed, caller, at, noted, deep);
    if (out && asks_for_existence(request, match, *parsed.id)) return no_content();
    return out;
  }

  // Metrics are open to this machine itself, but not to what a proxy on it passes on.
  static bool is_open(const Route& route, const http::Request& request) {
    if (route.permission == Permission::open) return true;
    return route.path == "/metrics" && request.remote.is_loopback() &&
           !request.headers.get("X-Forwarded-For") && !request.headers.get("Forwarded");
  }

  // An answer that was given before, if it still holds.
  std::optional<http::Response> answer_again(const http::Request& request, std::string_view token,
                                             Clock::time_point started) {
    const TimePoint at = services.clock();
    const auto kept = answers.find(request.target, token, at);
    if (!kept) return std::nullopt;
    Noted noted;
    noted.ids = arm::request_ids(request);
    noted.operation = kept->operation;
    const auto quota = check_quota(request, kept->id, at, noted);
    http::Response out = quota ? arm::json_text_response(200, kept->body) : arm::to_response(quota.error());
    complete(request, noted, at, started, out);
    return out;
  }

  // A first answer, when everything it depends on is in memory; it is kept.
  std::optional<http::Response> answer_at_once(const http::Request& request, std::string_view token,
                                               Clock::time_point started) {
    const auto token_id = token_id_of(token);
    const auto parsed = parse(request);
    if (!token_id || !parsed || !parsed->id) return std::nullopt;
    const Match match = match_route(request.method, parsed->segments);
    if (!match.route || !match.route->reads_one) return std::nullopt;
    auto basis = answers.basis_of(token_key(*token_id), parsed->key);
    if (!basis) return std::nullopt;
    const TimePoint at = services.clock();
    Noted noted;
    noted.ids = arm::request_ids(request);
    noted.operation = match.route->operation;
    std::optional<TimePoint> until;
    http::Response out = guarded_from_exceptions("a request", [&]() -> arm::Answer {
      const auto caller = identify(services, request, at);
      if (!caller) return tl::unexpected(caller.error());
      until = caller->until;
      return answer_known(request, match, *parsed, *caller, at, noted, 0);
    });
    if (out.status == 200) {
      answers.keep(request.target, token,
                   {*parsed->id, match.route->operation, out.body, until, std::move(*basis)});
    }
    complete(request, noted, at, started, out);
    return out;
  }

  // A change that is decided at once, when everything it depends on is in memory; only its commit is waited
  // for.
  std::optional<http::Response> change_at_once(const http::Request& request, std::string_view token,
                                               Clock::time_point started) {
    const auto token_id = token_id_of(token);
    const auto parsed = parse(request);
    if (!token_id || !parsed || !parsed->id) return std::nullopt;
    const Match match = match_route(request.method, parsed->segments);
    if (!match.route || !match.route->makes_one) return std::nullopt;
    if (services.registry()->prefixes.contains(parsed->key)) return std::nullopt;
    if (!answers.basis_of(token_key(*token_id), arm::parent_of(parsed->key))) return std::nullopt;
    if (changes_at_once >= changes_at_once_max) return std::nullopt;
    const TimePoint at = services.clock();
    // A refusal goes into the audit log, and a worker waits until it is there.
    const auto caller = identify(services, request, at);
    if (!caller || !authorize(*caller, attempt_of(*match.route, *parsed))) return std::nullopt;
    Noted noted;
    noted.ids = arm::request_ids(request);
    noted.operation = match.route->operation;
    noted.absent = true;
    http::Response out = guarded_from_exceptions(
        "a request", [&] { return answer_known(request, match, *parsed, *caller, at, noted, 0); });
    const auto done = [this] { --changes_at_once; };
    if (out.later) ++changes_at_once;
    return completed(std::move(out), request, noted, at, started, done);
  }

  arm::Answer answer(const http::Request& request, Noted& noted, TimePoint at) {
    const auto parsed = parse(request);
    if (!parsed) return tl::unexpected(parsed.error());
    const Match match = match_route(request.method, parsed->segments);
    if (match.route) noted.operation = match.route->operation;
    if (parsed->id) return answer_arm(request, match, *parsed, at, noted);
    if (match.allowed.empty()) {
      return arm::refuse(404, "NotFound", "There is nothing at this path.");
    }
    if (!match.route) return wrong_method(request, match.allowed);
    if (is_open(*match.route, request)) {
      const Caller nobody;
      Call call{services, request, parsed->query, nobody, match.parameters, parsed->path, parsed->key, at};
      return run(*match.route, call, *parsed);
    }
    const auto caller = identify(services, request, at);
    if (!caller) return tl::unexpected(caller.error());
    return run_authorized(request, match, *parsed, *caller, at, noted);
  }

  // What every answer has, whatever is in it.
  void complete(const http::Request& request, const Noted& noted, TimePoint at, Clock::time_point started,
                http::Response& whole) {
    arm::add_common_headers(request, noted.ids, at, whole);
    if (!noted.remaining_field.empty()) {
      whole.headers.set(noted.remaining_field, std::to_string(noted.remaining));
    }
    requests.count(noted.operation, whole.status, Clock::now() - started);
  }

  // The same of an answer that may come later; then `told` is called too. The request outlives it.
  http::Response completed(http::Response given, const http::Request& request, const Noted& noted,
                           TimePoint at, Clock::time_point started, std::function<void()> told = nullptr) {
    if (!given.later) {
      complete(request, noted, at, started, given);
      return given;
    }
    given.later = [this, &request, noted, at, started, told = std::move(told),
                   later = std::move(given.later)](std::function<void(http::Response)> answer) mutable {
      later([this, &request, noted = std::move(noted), at, started, told = std::move(told),
             answer = std::move(answer)](http::Response whole) {
        complete(request, noted, at, started, whole);
        if (told) told();
        answer(std::move(whole));
      });
    };
    return given;
  }
};

namespace {

// What else a rehearsal must not touch is switched off; nobody's quota is used up.
Services rehearsal_services(const Services& services, store::ResourceStore& resources) {
  Settings settings = services.settings;
  settings.quotas = {0, 0, 0};
  Services out{resources,
               services.telemetry,
               services.metrics,
               services.events,
               services.catalog,
               services.registry,
               services.routes,
               services.not_ready,
               [] {},
               [](model::Revision) { return Result<void>(); },
               [] {},
               services.accept_samples,
               services.latency_bins,
               std::move(settings),
               services.clock,
               services.vrps,
               services.search_routes};
  out.sessions = services.sessions;
  out.test_state = services.test_state;
  return out;
}

}  // namespace

struct Api::State::Rehearsal {
  explicit Rehearsal(const Services& services)
      : resources(services.resources), state(rehearsal_services(services, resources)) {}

  RehearsalStore resources;
  State state;
};

std::function<Asker()> Api::State::rehearser(const Caller& caller, int deep) {
  return [this, &caller, deep] {
    return [rehearsal = std::make_shared<Rehearsal>(services), &caller, deep](const http::Request& asked) {
      return rehearsal->state.ask(caller, asked, deep);
    };
  };
}

Api::Api(Services services) : state_(std::make_unique<State>(std::move(services))) {}
Api::~Api() = default;

http::Response Api::begin(const http::Request& request) {
  const auto started = Clock::now();
  const TimePoint at = state_->services.clock();
  Noted noted;
  noted.ids = arm::request_ids(request);
  http::Response response =
      State::guarded_from_exceptions("a request", [&] { return state_->answer(request, noted, at); });
  return state_->completed(std::move(response), request, noted, at, started);
}

std::optional<http::Response> Api::answer_at_once(const http::Request& request) {
  const bool reads = request.method == http::Method::get;
  if (!reads && request.method != http::Method::put) return std::nullopt;
  const auto started = Clock::now();
  const auto token = bearer_text(request);
  if (!token) return std::nullopt;
  if (!reads) return state_->change_at_once(request, *token, started);
  auto again = state_->answer_again(request, *token, started);
  return again ? std::move(again) : state_->answer_at_once(request, *token, started);
}

http::Response Api::handle(const http::Request& request) {
  http::Response response = begin(request);
  if (!response.later) return response;
  std::promise<http::Response> whole;
  response.later([&](http::Response answer) { whole.set_value(std::move(answer)); });
  return whole.get_future().get();
}

Result<void> Api::bootstrap(const std::string& data_dir) {
  if (auto read = state_->roles.load(); !read) return read;
  return write_admin_token(state_->services.resources, data_dir, state_->services.clock());
}

}  // namespace peering::api
