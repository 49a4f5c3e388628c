// The last bias of a critic, which reals and fakes push as far in opposite directions: their sums
// are 0 together, and Adam leaves it where it is, as in two passes of PyTorch.
#include "core/test/check.h"  // last: see there
#include "core/test/execution_recipes.h"
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

namespace {

struct Critic {
  std::string name, bias;
  std::vector<Layer> layers;
  bool is_conditional = false;
};

std::vector<Critic> critics() {
  const auto group = [](const std::string& name, double out) {
    return layer("sequential", name, {}, {linear("0", 16, out)});
  };
  std::vector<Layer> heads = plain(), patches{conv("0", 1, 4, 3, 1), conv("1", 4, 1, 3, 1)};
  heads.back() = layer("heads", "3", {}, {group("score", 1)});
  const Layer projection =
      layer("projection", "2", {{"inFeatures", 256.0}, {"numEmbeddings", 3.0}});
  return {{"a list of calls", "3.bias", plain()},
          {"images", "2.bias", {conv("0", 1, 4, 3, 1), layer("flatten", "1"), linear("2", 256, 1)}},
          {"patches", "1.bias", patches},
          {"equalized",
           "2.bias",
           {conv("0", 1, 4, 3, 1), layer("flatten", "1"), equalized("2", linear("", 256, 1), 0.5)}},
          {"heads", "3.score.0.bias", heads},
          {"a projection",
           "2.linear.bias",
           {conv("0", 1, 4, 3, 1), layer("flatten", "1"), projection},
           true}};
}

at::Tensor state_of(const Network& network, const std::string& key) {
  for (const auto& [name, tensor] : network.state()) {
    if (name == key) return tensor.detach().clone();
  }
  FAIL("no " << key);
  return {};
}

}  // namespace

TEST_CASE("a bias that reals and fakes push alike stays where it is, in one pass of both, too") {
  for (const Critic& critic : critics()) {
    for (const char* name : {"wasserstein", "relativisticPaired"}) {
      for (const bool is_penalised : {false, true}) {
        CAPTURE(critic.name);
        CAPTURE(name);
        CAPTURE(is_penalised);
        const Choice rule{name, {{"weightClip", 0.0}}};
        std::vector<Layer> generator = conv_generator();
        if (critic.is_conditional) {  // noise and a label's row, side by side
          generator[0] = linear("0", 8, generator[0].options.number("outFeatures"));
        }
        const auto pair = pair_of(5, generator, critic.layers, rule, ScoreKind::kLogit, at::kFloat);
        if (critic.is_conditional) pair->latent = {5, 3, 0, /*one_hot=*/true};
        pair->conditional = critic.is_conditional;
        if (is_penalised) add_penalty(*pair, {"wganGp", {{"weight", 10.0}, {"every", 1.0}}});
        const auto step = make_fused_step(pair);
        const at::Tensor before = state_of(*pair->discriminator, critic.bias);
        RandomStream data(1);
        for (const int64_t rows : {20, 7, 23, 50}) {
          step->run([&] {
            const at::Tensor labels = at::randint(3, {rows}, data.cpu(), at::kLong);
            return Batch{at::rand({rows, 1, 8, 8}, data.cpu(), at::TensorOptions(at::kFloat)),
                         critic.is_conditional ? labels : at::Tensor()};
          });
        }
        CHECK(at::equal(state_of(*pair->discriminator, critic.bias), before));
      }
    }
  }
}
