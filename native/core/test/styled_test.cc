// What StyleGAN2 is made of, against its code: filters, learning rates, styles and noise.
#include "core/nn/styled.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/nn/equalized.h"
#include "core/nn/modulated_conv.h"
#include "core/nn/network.h"
#include "core/step/plan.h"
#include "core/test/check.h"  // last: see there
#include "core/test/equality.h"
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

namespace {

// A modulated convolution in a synthesis of a constant, whose mapping does nothing.
struct Modulation {
  explicit Modulation(const Layer& one) : stream(4), module(built(one, stream)) {
    const at::NoGradGuard no_grad;
    for (const auto& entry : module->named_parameters()) {
      at::Tensor(entry.value()).normal_(0, 1, stream.cpu());
    }
  }
  at::Tensor operator[](const std::string& key) const { return module->named_parameters()[key]; }

  RandomStream stream;
  ModulePtr module;
};

// upfirdn2d of StyleGAN2's code for a filter that is its own mirror image: zeros between the
// pixels, zeros around, the filter over all of it.
at::Tensor upfirdn(const at::Tensor& x, int64_t up, int64_t before, int64_t after, double gain) {
  const int64_t height = x.size(2), width = x.size(3);
  at::Tensor wide = at::zeros({x.size(0), x.size(1), height * up, width * up}, x.options());
  wide.slice(2, 0, height * up, up).slice(3, 0, width * up, up).copy_(x);
  const at::Tensor line = at::tensor({1, 3, 3, 1}, x.options()) / 8;
  const at::Tensor filter = (at::outer(line, line) * gain).expand({x.size(1), 1, 4, 4});
  const at::Tensor padded = at::constant_pad_nd(wide, {before, after, before, after});
  return at::conv2d(padded, filter, {}, 1, at::IntArrayRef(0), 1, x.size(1));
}

// modulated_conv2d of that code with fused_modconv: each sample has weights of its own, and all of
// them are the groups of one convolution. `convolve` is given these weights, [N · out, C, k, k].
template <class Convolve>
at::Tensor by_weights(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& style,
                      bool demodulates, double gain, const Convolve& convolve) {
  const int64_t batch = x.size(0), out = weight.size(0);
  at::Tensor own = weight.unsqueeze(0) * style.view({batch, 1, -1, 1, 1});
  if (demodulates) {
    own = own * (own.square().sum({2, 3, 4}, true) + 1e-8).rsqrt();
  } else {
    own = own / std::sqrt(static_cast<double>(weight[0].numel()));
  }
  const at::Tensor together = x.reshape({1, -1, x.size(2), x.size(3)});
  const at::Tensor made = convolve(together, (own * gain).flatten(0, 1), batch);
  return made.view({batch, out, made.size(2), made.size(3)});
}

}  // namespace

TEST_CASE("what is styled cannot be built of anything else, nor run without a style") {
  RandomStream stream(0);
  CHECK_THROWS_WITH_AS(build(equalized("0", layer("relu", "")), stream),
                       "Expected a layer of weights but received relu", Error);
  const ModulePtr alone = build(modulated("0", 5, 4, 3, 3, false, true), stream);
  CHECK_THROWS_WITH_AS(alone->forward(at::ones({1, 4, 2, 2})),
                       "Expected a style for a modulated convolution but received none", Error);
}

TEST_CASE("a modulated convolution is that of StyleGAN2's code, which modulates the weights") {
  for (const bool demodulates : {true, false}) {
    for (const double kernel : {1.0, 3.0, 5.0}) {
      CAPTURE(demodulates);
      CAPTURE(kernel);
      const Modulation one(modulated("0", 5, 4, 3, kernel, false, demodulates));
      const at::Tensor x = draw({6, 4, 7, 5}), w = draw({6, 5});
      const at::Tensor style =
          at::linear(w, one["affine.weight"] / std::sqrt(5.0), one["affine.bias"]);
      const at::Tensor expected =
          by_weights(x, one["weight"], style, demodulates, 1.3,
                     [&](const at::Tensor& all, const at::Tensor& weights, int64_t groups) {
                       const auto half = static_cast<int64_t>(kernel) / 2;
                       return at::conv2d(all, weights, {}, 1, at::IntArrayRef(half), 1, groups);
                     });
      Context context;
      context.style = w;
      const at::Tensor made = one.module->forward(x, context);
      CHECK(distance(made, expected + one["bias"].view({-1, 1, 1})) < 1e-12);
    }
  }
}

TEST_CASE("one that doubles is zeros between pixels, the kernel's mirror image, and the filter") {
  for (const double kernel : {1.0, 3.0, 5.0}) {
    CAPTURE(kernel);
    const Modulation one(modulated("0", 5, 4, 3, kernel, true, true));
    const at::Tensor x = draw({6, 4, 3, 5}), w = draw({6, 5});
    const at::Tensor style =
        at::linear(w, one["affine.weight"] / std::sqrt(5.0), one["affine.bias"]);
    // The convolution and the filter change places in the middle; on all sides zeros come in.
    const int64_t half = static_cast<int64_t>(kernel) / 2, around = 4;
    const at::Tensor far = upfirdn(x, 2, 2 + around, 1 + around, 4);
    const at::Tensor expected = by_weights(
        far, one["weight"], style, true, 1.3,
        [&](const at::Tensor& all, const at::Tensor& weights, int64_t groups) {
          return at::conv2d(all, weights.flip({2, 3}), {}, 1, at::IntArrayRef(half), 1, groups);
        });
    Context context;
    context.style = w;
    const at::Tensor made = one.module->forward(x, context);
    REQUIRE(made.sizes() == at::IntArrayRef({6, 3, 6, 10}));
    const at::Tensor middle = expected.slice(2, around, -around).slice(3, around, -around);
    CHECK(distance(made, middle + one["bias"].view({-1, 1, 1})) < 1e-12);
  }
}

TEST_CASE("the filter keeps what is flat, and is that of StyleGAN2's code in any layout and type") {
  RandomStream stream(0);
  const ModulePtr same = build(blur("0", 1, {2, 1, 2, 1}), stream);
  const at::Tensor flat = same->forward(at::full({2, 3, 6, 8}, 0.7, at::kDouble));
  CHECK(distance(flat.slice(2, 2, -1).slice(3, 2, -1), at::full({2, 3, 3, 5}, 0.7, at::kDouble)) <
        1e-15);
  const ModulePtr half = build(blur("0", 2, {1, 1, 1, 1}), stream);
  for (const int64_t channels : {1, 3}) {
    const at::Tensor x = draw({2, channels, 6, 8});
    CHECK(distance(same->forward(x), upfirdn(x, 1, 2, 1, 1)) < 1e-14);
    const at::Tensor every = upfirdn(x, 1, 1, 1, 1).slice(2, 0, 5, 2).slice(3, 0, 7, 2);
    CHECK(distance(half->forward(x), every) < 1e-14);
    CHECK(distance(half->forward(x.contiguous(at::MemoryFormat::ChannelsLast)), every) < 1e-14);
    const at::Tensor rounded = half->forward(x.to(at::kFloat));
    CHECK((rounded.scalar_type() == at::kFloat));
    CHECK(distance(rounded.to(at::kDouble), every) < 1e-6);
  }
}

TEST_CASE("equalized weights are from N(0, 1), and a pass has them as He et al. draw them") {
  RandomStream stream(3);
  Layer grouped = transposed("", 64, 96, 3, 2, 1);
  grouped.options.set("groups", 2.0);
  for (const auto& [inner, inputs] : std::vector<std::pair<Layer, double>>{
           {linear("", 300, 40), 300}, {conv("", 32, 48, 3, 1), 288}, {grouped, 288}}) {
    for (const double multiplier : {1.0, 0.01}) {
      CAPTURE(inner.type);
      const auto one =
          std::dynamic_pointer_cast<Equalized>(build(equalized("0", inner, multiplier), stream));
      const auto parameters = one->named_parameters();
      REQUIRE(parameters.size() == 2);
      CHECK(parameters["weight"].std().item<double>() ==
            doctest::Approx(1 / multiplier).epsilon(0.05));
      CHECK(parameters["bias"].abs().max().item<double>() == 0);
      CHECK(one->weight().std().item<double>() ==
            doctest::Approx(std::sqrt(2 / inputs)).epsilon(0.05));
      const at::NoGradGuard no_grad;
      parameters["bias"].fill_(1);
      CHECK(one->bias().mean().item<double>() == doctest::Approx(multiplier));
    }
  }
}

TEST_CASE("noise is one number for a pixel: another at each pass of training, else a picture") {
  const at::Tensor plain = at::zeros({3, 4, 2, 5});
  RandomStream weights(1), stream(7);
  const ModulePtr noise =
      build(layer("noiseInjection", "0", {{"imageSize", Shape{2, 5}}}), weights);
  CHECK(at::equal(noise->forward(plain, {{}, &stream}), plain));
  {
    const at::NoGradGuard no_grad;
    noise->parameters()[0].fill_(0.5);
  }
  RandomStream again(7), other(7);
  const at::Tensor expected = at::randn({3, 1, 2, 5}, other.cpu()) * 0.5;
  const at::Tensor last = plain.contiguous(at::MemoryFormat::ChannelsLast);
  CHECK(at::equal(noise->forward(plain, {{}, &again}), plain + expected));
  RandomStream third(7);
  CHECK(at::equal(noise->forward(last, {{}, &third}), plain + expected));
  CHECK_FALSE(at::equal(noise->forward(plain, {{}, &again}), plain + expected));
  CHECK(noise->needs_own_pass());
  CHECK_FALSE(noise->repeats_itself());
  noise->eval();
  CHECK(at::equal(noise->forward(plain, {{}, &stream}), plain + noise->buffers()[0] * 0.5));
}

TEST_CASE("passes of training move the mean of styles, which evaluation takes them nearer to") {
  RandomStream stream(2);
  Network generator(styled_generator(5), at::kCPU, at::kDouble, stream);
  const auto one = std::dynamic_pointer_cast<Styled>(generator.body().flattened()[0].module);
  const Module& mapping = *one->parts()[0].module;
  const auto style_of = [&](const at::Tensor& noise) {
    return const_cast<Module&>(mapping).forward(noise);
  };
  CHECK(generator.state()[0].first == "0.w_avg");
  CHECK(at::equal(one->average(), at::zeros({5}, at::kDouble)));
  at::Tensor expected = at::zeros({5}, at::kDouble);
  RandomStream noise(3);
  for (const int64_t rows : {4, 1, 7}) {
    const at::Tensor x = draw({rows, 5});
    expected = expected * 0.9 + style_of(x).mean(0) * 0.1;
    generator.body().forward(x, {{}, &noise});
    CHECK(distance(one->average(), expected) < 1e-15);
    CHECK_FALSE(one->average().requires_grad());
  }
  const at::Tensor x = draw({6, 5});
  const Forward planned = plan_evaluation(generator);
  const auto made = [&](double psi, const Forward& form) {
    return generator.evaluate(x, {}, form, psi);
  };
  const at::NoGradGuard no_grad;
  CHECK(at::equal(made(1, {}), generator.evaluate(x)));
  for (const double psi : {0.0, 0.7, 1.5, -0.5}) {
    CAPTURE(psi);
    Context context;
    context.style = expected + psi * (style_of(x) - expected);
    generator.body().eval();
    const at::Tensor wanted = one->parts()[1].module->forward(context.style, context);
    CHECK(distance(made(psi, {}), wanted) < 1e-13);
    CHECK(distance(made(psi, planned), wanted) < 1e-12);
  }
  const at::Tensor same = made(0, {});
  CHECK(distance(same, same.narrow(0, 0, 1).expand_as(same)) < 1e-13);
  CHECK(distance(one->average(), expected) < 1e-15);
}

TEST_CASE("in training layers see another style from one of them on, now and then, and none else") {
  RandomStream stream(2);
  Network generator(styled_generator(5, 0.6), at::kCPU, at::kDouble, stream);
  const Plan plan(generator.body(), Precision::kFloat32);
  const auto one = std::dynamic_pointer_cast<Styled>(generator.body().flattened()[0].module);
  {
    const at::NoGradGuard no_grad;
    for (const auto& entry : generator.state()) {
      if (entry.first.find("noise_strength") != std::string::npos) entry.second.fill_(0.3);
    }
  }
  const auto& mapping = one->parts()[0].module;
  const auto synthesis = std::dynamic_pointer_cast<Sequential>(one->parts()[1].module);
  CHECK_FALSE(one->repeats_itself());
  std::vector<int64_t> crossovers(4);
  for (uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    const at::Tensor x = draw({6, 5}), average = one->average().clone();
    RandomStream ours(seed), other(seed), theirs(seed);
    const at::Tensor made = generator.body().forward(x, {{}, &ours});
    const at::Tensor after = one->average().clone();
    const at::Tensor w = mapping->forward(x);
    CHECK(distance(after, average * 0.9 + w.mean(0) * 0.1) < 1e-15);
    // The draws of StyleGAN2-ADA's code, in its order.
    int64_t crossover = at::empty({}, at::kLong).random_(1, 3, theirs.cpu()).item<int64_t>();
    if (at::rand({}, theirs.cpu()).item<double>() >= 0.6) crossover = 3;
    crossovers[crossover] += 1;
    const at::Tensor noise = at::randn({6, 5}, theirs.cpu()).to(at::kDouble);
    const at::Tensor second = mapping->forward(noise);
    at::Tensor expected = w;
    int64_t place = 0;
    for (const Part& part : synthesis->flattened()) {
      Context context{{}, &theirs};
      const bool takes = std::dynamic_pointer_cast<ModulatedConv2d>(part.module) != nullptr;
      if (takes) context.style = place++ < crossover ? w : second;
      expected = part.module->forward(expected, context);
    }
    CHECK(at::equal(made, expected));
    CHECK(distance(plan.forward(x, {{}, &other}), expected) < 1e-11);
  }
  CHECK(crossovers[0] == 0);
  for (const int64_t count : {1, 2, 3}) CHECK(crossovers[count] > 5);
  const at::Tensor x = draw({6, 5});
  const at::Tensor without = generator.body().forward(x);
  CHECK(at::equal(without, generator.body().forward(x)));
  CHECK(at::equal(generator.evaluate(x), generator.evaluate(x)));
}

TEST_CASE("a synthesis is planned as any layers are, and equalized convolutions as their own") {
  RandomStream stream(2);
  Network generator(styled_generator(5), at::kCPU, at::kDouble, stream);
  Network discriminator(styled_discriminator(), at::kCPU, at::kFloat, stream);
  std::vector<std::string> paths;
  const Plan plan(generator.body(), Precision::kFloat32);
  for (const Operation& one : plan.operations()) paths.push_back(one.layers.at(0));
  CHECK(paths.front() == "0.mapping.0");
  CHECK(paths.back() == "0");
  CHECK(plan.needs_own_pass());
  const Plan other(discriminator.body(), Precision::kFloat32);
  // The 1x1 ones, and not the one whose bias has a rate of its own.
  const std::vector<std::string> done = rewrites_of(other);
  CHECK(std::count(done.begin(), done.end(), "pixelProduct") == 2);
}
