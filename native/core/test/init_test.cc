#include "core/error.h"
#include "core/nn/network.h"
#include "core/test/check.h"  // last: see there
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

namespace {

NamedTensors first_weights(const std::vector<Layer>& layers, const Init& init) {
  RandomStream stream(3);
  return Network(layers, at::kCPU, at::kFloat, stream, init).state();
}

const Options kRelu{
    {"a", 0.0}, {"mode", std::string("fanIn")}, {"nonlinearity", std::string("relu")}};
const Options kTanh{
    {"a", 0.0}, {"mode", std::string("fanOut")}, {"nonlinearity", std::string("tanh")}};
const Options kLeaky{
    {"a", 0.2}, {"mode", std::string("fanIn")}, {"nonlinearity", std::string("leakyRelu")}};

}  // namespace

TEST_CASE("an unknown init and an unknown nonlinearity are refused") {
  CHECK_THROWS_WITH_AS(Init({"nonsense", {}}), "Expected a known init but received nonsense",
                       Error);
  const Options bent{
      {"a", 0.0}, {"mode", std::string("fanIn")}, {"nonlinearity", std::string("bent")}};
  CHECK_THROWS_WITH_AS(first_weights({linear("0", 2, 2)}, Init({"kaimingNormal", bent})),
                       "Expected a known nonlinearity but received bent", Error);
}

TEST_CASE("weights have the deviation that their init says, biases are 0, norms stay") {
  struct Case {
    Choice choice;
    double deviation;  // of weights [300, 200]
  };
  const std::vector<Case> cases{
      {{"normal", {{"std", 0.05}}}, 0.05},
      {{"uniform", {{"range", 0.3}}}, 0.3 / std::sqrt(3.0)},
      {{"xavierNormal", {{"gain", 1.5}}}, 1.5 * std::sqrt(2.0 / 500)},
      {{"xavierUniform", {{"gain", 1.0}}}, std::sqrt(2.0 / 500)},
      {{"kaimingNormal", kRelu}, std::sqrt(2.0 / 200)},
      {{"kaimingUniform", kTanh}, 5.0 / 3 / std::sqrt(300.0)},
      {{"kaimingNormal", kLeaky}, std::sqrt(2.0 / 1.04 / 200)},
      {{"orthogonal", {{"gain", 2.0}}}, 2 / std::sqrt(300.0)},
  };
  for (const auto& [choice, deviation] : cases) {
    CAPTURE(choice.type);
    const NamedTensors state =
        first_weights({linear("0", 200, 300), batch_norm("1", 300, 1e-5)}, Init(choice));
    CHECK(state[0].second.std().item<double>() == doctest::Approx(deviation).epsilon(0.02));
    CHECK(at::equal(state[1].second, at::zeros({300})));
    CHECK(at::equal(state[2].second, at::ones({300})));
  }
}

TEST_CASE("the fans of a convolution count its pixels") {
  const Init init({"xavierNormal", {{"gain", 1.0}}});
  const at::Tensor weight = first_weights({conv("0", 40, 80, 3, 1)}, init)[0].second;
  const double deviation = std::sqrt(2.0 / (9 * 40 + 9 * 80));
  CHECK(weight.std().item<double>() == doctest::Approx(deviation).epsilon(0.02));
}

TEST_CASE("orthogonal weights are so along their shorter side") {
  const Init init({"orthogonal", {{"gain", 2.0}}});
  const auto is_orthogonal = [](const at::Tensor& rows) {
    return at::allclose(rows.mm(rows.t()), 4 * at::eye(rows.size(0)), 1e-4, 1e-4);
  };
  CHECK(is_orthogonal(first_weights({linear("0", 9, 4)}, init)[0].second));
  CHECK(is_orthogonal(first_weights({linear("0", 4, 9)}, init)[0].second.t()));
  CHECK(is_orthogonal(first_weights({conv("0", 2, 3, 3, 1)}, init)[0].second.flatten(1)));
}

TEST_CASE("DCGAN's weights are those of convolutions and of batch normalisation") {
  const std::vector<Layer> layers{conv("0", 30, 40, 3, 1), batch_norm("1", 4000, 1e-5),
                                  linear("2", 3, 4)};
  const NamedTensors state = first_weights(layers, Init({"dcgan", {}})),
                     before = first_weights(layers, Init());
  CHECK(state[0].second.std().item<double>() == doctest::Approx(0.02).epsilon(0.05));
  CHECK(at::equal(state[1].second, before[1].second));  // the convolution's bias
  CHECK(state[2].second.mean().item<double>() == doctest::Approx(1).epsilon(0.01));
  CHECK(state[2].second.std().item<double>() == doctest::Approx(0.02).epsilon(0.05));
  CHECK(at::equal(state[3].second, at::zeros({4000})));
  const size_t weight = state.size() - 2;
  CHECK(at::equal(state[weight].second, before[weight].second));
}

TEST_CASE("spectral normalisation looks at the weight that was drawn anew") {
  const Options options{{"nPowerIterations", 1.0}, {"eps", 1e-12}};
  const Layer normed = layer("spectralNorm", "0", options, {linear("0", 30, 20)});
  RandomStream stream(3);
  Network network({normed}, at::kCPU, at::kFloat, stream, Init({"orthogonal", {{"gain", 3.0}}}));
  // Its singular values are all 3.
  const at::Tensor input = at::randn({5, 30});
  std::map<std::string, at::Tensor> state;
  for (const auto& [name, tensor] : network.state()) state[name] = tensor;
  const at::Tensor weight = state["0.parametrizations.weight.original"];
  CHECK(at::allclose(weight.mm(weight.t()), 9 * at::eye(20), 1e-4, 1e-4));
  CHECK(at::equal(state["0.bias"], at::zeros({20})));
  CHECK(at::allclose(network.evaluate(input), input.mm(weight.t()) / 3, 1e-4, 1e-4));
}
