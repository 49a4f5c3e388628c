#include "core/step/step.h"

#include "core/step/autograd_step.h"
#include "core/step/captured_step.h"
#include "core/step/dense/dense_step.h"
#include "core/step/execution.h"

namespace sparring {

std::unique_ptr<Step> make_eager_step(std::shared_ptr<const Pair> pair) {
  return std::make_unique<AutogradStep>(pair, make_eager(pair));
}

std::unique_ptr<Step> make_fused_step(std::shared_ptr<const Pair> pair) {
  if (auto step = DenseStep::plan(pair)) return step;
  auto step = std::make_unique<AutogradStep>(pair, make_fused(pair));
  if (!CapturedStep::obstacle(*pair).empty()) return step;
  return std::make_unique<CapturedStep>(pair, std::move(step), *accelerator());
}

}  // namespace sparring
