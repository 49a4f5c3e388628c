// Nowozin et al. 2016: D estimates the supremum of E[g(real)] - E[f*(g(fake))], a divergence.
#include "core/objectives/objective.h"
#include "core/table.h"

namespace sparring {
namespace {

using Map = at::Tensor (*)(const at::Tensor&);
const double kLog2 = std::log(2.0);

// The activation g, and the conjugate f* after it.
const std::map<std::string, std::pair<Map, Map>> divergences = {
    {"kl", {[](auto& v) { return v; }, [](auto& v) { return at::exp(v - 1); }}},
    {"reverseKl", {[](auto& v) { return -at::exp(-v); }, [](auto& v) { return v - 1; }}},
    {"pearson", {[](auto& v) { return v; }, [](auto& v) { return v * v / 4 + v; }}},
    {"jensenShannon",
     {[](auto& v) { return kLog2 - at::softplus(-v); },
      [](auto& v) { return at::softplus(v) - kLog2; }}}};

struct FDivergence : Objective {
  explicit FDivergence(const std::pair<Map, Map>& maps) : g(maps.first), conjugate(maps.second) {}
  at::Tensor generator_loss(const Scores& s) const override { return -g(s.fake).mean(); }
  at::Tensor discriminator_loss(const Scores& s) const override {
    return conjugate(s.fake).mean() - g(s.real).mean();
  }
  Map g, conjugate;
};

}  // namespace

std::unique_ptr<Objective> make_f_divergence(const Options& options, ScoreKind) {
  return std::make_unique<FDivergence>(row(divergences, options.text("divergence"), "divergence"));
}

}  // namespace sparring
