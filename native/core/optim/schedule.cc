#include "core/optim/schedule.h"

#include <algorithm>
#include <cmath>

#include "core/table.h"

namespace sparring {
namespace {

using ScheduleBuilder = Schedule (*)(const Options&);

// How far along, 0 to 1.
double progress(int64_t update, double steps) {
  return std::min(static_cast<double>(update) / steps, 1.0);
}

Schedule constant(const Options&) {
  return [](double base, int64_t) { return base; };
}

// LinearLR(start_factor=1, end_factor=to, total_iters=steps)
Schedule linear(const Options& options) {
  return [to = options.number("to"), steps = options.number("steps")](double base, int64_t update) {
    return base * (1 + (to - 1) * progress(update, steps));
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

}  // namespace

Schedule make_schedule(const Choice& choice) {
  static const std::map<std::string, ScheduleBuilder> table = {
      {"constant", constant}, {"cosine", cosine}, {"exponential", exponential}, {"linear", linear}};
  return row(table, choice.type, "schedule")(choice.options);
}

}  // namespace sparring
