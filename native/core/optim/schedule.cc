#include "core/optim/schedule.h"

#include <algorithm>
#include <cmath>

#include "core/table.h"

namespace sparring {
namespace {

using ScheduleBuilder = Schedule (*)(const Options&);

// How far along, 0 to 1.
double progress(int64_t update, double steps) {
  return std::clamp(static_cast<double>(update) / steps, 0.0, 1.0);
}

Schedule constant(const Options&) {
  return [](double base, int64_t) { return base; };
}

// LinearLR(start_factor=1, end_factor=to, total_iters=steps), begun `after` so many updates
Schedule linear(const Options& options) {
  return [to = options.number("to"), steps = options.number("steps"),
          after = options.integer("after")](double base, int64_t update) {
    return base * (1 + (to - 1) * progress(update - after, steps));
  };
}

// ExponentialLR(gamma), with a floor as in the 2014 recipe
Schedule exponential(const Options& options) {
  return
      [gamma = options.number("gamma"), min = options.number("min")](double base, int64_t update) {
        return std::max(base * std::pow(gamma, static_cast<double>(update)), min);
      };
}

// CosineAnnealingLR(T_max=steps, eta_min=min); Loshchilov and Hutter 2017, equation 5
Schedule cosine(const Options& options) {
  return
      [steps = options.number("steps"), min = options.number("min")](double base, int64_t update) {
        return min + (base - min) * (1 + std::cos(M_PI * progress(update, steps))) / 2;
      };
}

// StepLR(step_size, gamma)
Schedule step(const Options& options) {
  return [size = options.integer("stepSize"), gamma = options.number("gamma")](double base,
                                                                               int64_t update) {
    return base * std::pow(gamma, static_cast<double>(update / size));
  };
}

// MultiStepLR(milestones, gamma)
Schedule multi_step(const Options& options) {
  return [milestones = options.shape("milestones"), gamma = options.number("gamma")](
             double base, int64_t update) {
    const auto passed = std::upper_bound(milestones.begin(), milestones.end(), update);
    return base * std::pow(gamma, static_cast<double>(passed - milestones.begin()));
  };
}

// SequentialLR of LinearLR(start_factor=from, total_iters=warmUp) and of what follows; Goyal et al.
// 2017, section 2.2
Schedule warm_up(const Options& options) {
  return [steps = options.integer("warmUp"), from = options.number("from"),
          then = make_schedule({options.text("schedule"), options})](double base, int64_t update) {
    if (update >= steps) return then(base, update - steps);
    return base * (from + (1 - from) * progress(update, static_cast<double>(steps)));
  };
}

}  // namespace

Schedule make_schedule(const Choice& choice) {
  static const std::map<std::string, ScheduleBuilder> table = {
      {"constant", constant}, {"cosine", cosine},        {"exponential", exponential},
      {"linear", linear},     {"multiStep", multi_step}, {"step", step},
      {"warmUp", warm_up}};
  return row(table, choice.type, "schedule")(choice.options);
}

}  // namespace sparring
