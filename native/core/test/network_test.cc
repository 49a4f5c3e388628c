#include "core/nn/network.h"

#include "core/bernoulli.h"
#include "core/error.h"
#include "core/nn/latent.h"
#include "core/nn/samples.h"
#include "core/test/check.h"  // last: see there
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

TEST_CASE("an unknown layer type and a layer without its options are refused") {
  RandomStream stream(0);
  CHECK_THROWS_WITH_AS(Network({layer("nonsense", "0")}, at::kCPU, at::kFloat, stream),
                       "Expected a known layer type but received nonsense", Error);
  CHECK_THROWS_WITH_AS(Network({layer("leakyRelu", "0")}, at::kCPU, at::kFloat, stream),
                       "Expected every option to be given but received none for negativeSlope",
                       Error);
}

TEST_CASE("weights of another network are refused before anything is copied") {
  RandomStream stream(0);
  Network network(small_discriminator(), at::kCPU, at::kFloat, stream);
  NamedTensors values = network.state();
  for (auto& [name, tensor] : values) tensor = at::ones_like(tensor);
  values.back().second = at::ones({2});
  const at::Tensor before = network.state()[0].second.clone();
  CHECK_THROWS_AS(network.load(values), Error);
  CHECK(at::equal(network.state()[0].second, before));
}

TEST_CASE("the state has PyTorch's keys in PyTorch's order, and whole counters in any precision") {
  RandomStream stream(0);
  const Network network(small_generator(5), at::kCPU, at::kDouble, stream);
  const NamedTensors state = network.state();
  std::vector<std::string> keys;
  for (const auto& [name, tensor] : state) keys.push_back(name);
  const std::vector<std::string> start(keys.begin(), keys.begin() + 9);
  CHECK(start == std::vector<std::string>{"l1.0.weight", "l1.0.bias", "conv_blocks.0.weight",
                                          "conv_blocks.0.bias", "conv_blocks.0.running_mean",
                                          "conv_blocks.0.running_var",
                                          "conv_blocks.0.num_batches_tracked",
                                          "conv_blocks.2.weight", "conv_blocks.2.bias"});
  CHECK((state[0].second.scalar_type() == at::kDouble));
  CHECK((state[6].second.scalar_type() == at::kLong));
}

TEST_CASE(
    "one seed gives one set of weights, another seed another, and libtorch's own stream is left "
    "alone") {
  at::manual_seed(5);
  const at::Tensor expected = at::rand({4});
  at::manual_seed(5);
  RandomStream a(1), b(1), c(2);
  const Network first(small_generator(5), at::kCPU, at::kFloat, a);
  const Network same(small_generator(5), at::kCPU, at::kFloat, b);
  const Network other(small_generator(5), at::kCPU, at::kFloat, c);
  CHECK(at::equal(first.state()[0].second, same.state()[0].second));
  CHECK_FALSE(at::equal(first.state()[0].second, other.state()[0].second));
  CHECK(at::equal(at::rand({4}), expected));
}

TEST_CASE("evaluating does not train: statistics stay, and training mode is back afterwards") {
  RandomStream stream(0);
  Network network(small_generator(5), at::kCPU, at::kFloat, stream);
  const at::Tensor mean = network.state()[4].second.clone();
  const at::Tensor latent = at::randn({3, 5});
  const at::Tensor once = network.evaluate(latent);
  CHECK(at::equal(once, network.evaluate(latent)));
  CHECK_FALSE(once.requires_grad());
  CHECK(at::equal(network.state()[4].second, mean));
  CHECK(network.body().is_training());
  network.body().forward(latent);
  CHECK_FALSE(at::equal(network.state()[4].second, mean));
}

TEST_CASE(
    "group normalisation of channels-last images that need no gradient has those of its own") {
  const Options options{{"numGroups", 1.0}, {"numChannels", 3.0}, {"eps", 1e-5}, {"affine", true}};
  RandomStream stream(1);
  Network norm({layer("groupNorm", "0", options)}, at::kCPU, at::kDouble, stream);
  const at::Tensor images = at::randn({5, 3, 4, 4}, at::kDouble);
  std::vector<at::Tensor> expected;
  for (const auto format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
    const at::Tensor out = norm.body().forward(images.contiguous(format), {});
    const auto found = torch::autograd::grad({out.pow(3).sum()}, norm.parameters());
    if (expected.empty()) expected = found;
    for (size_t i = 0; i < found.size(); ++i) CHECK(distance(found[i], expected[i]) < 1e-12);
  }
}

TEST_CASE("instance normalisation of one image takes a gradient in any layout for what it is") {
  const Options options{{"numFeatures", 4.0}, {"eps", 1e-2}, {"affine", true}};
  RandomStream stream(1);
  Network norm({layer("instanceNorm2d", "0", options)}, at::kCPU, at::kDouble, stream);
  const at::Tensor images = at::randn({1, 4, 6, 5}, at::kDouble).requires_grad_();
  const at::Tensor upstream = at::randn({1, 4, 6, 5}, at::kDouble);
  std::vector<at::Tensor> inputs = norm.parameters(), expected;
  inputs.push_back(images);
  for (const auto format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
    const at::Tensor out = norm.body().forward(images, {});
    const auto found = torch::autograd::grad({out}, inputs, {upstream.contiguous(format)});
    if (expected.empty()) expected = found;
    for (size_t i = 0; i < found.size(); ++i) CHECK(distance(found[i], expected[i]) < 1e-12);
  }
}

TEST_CASE("dropping values and channels draws what libtorch's own functions do, in any layout") {
  const at::Tensor plain = at::randn({3, 4, 2, 5});
  using Drop = at::Tensor (*)(const at::Tensor&, double, bool);
  const std::vector<std::pair<const char*, Drop>> all{{"dropout", at::dropout},
                                                      {"dropout2d", at::feature_dropout}};
  for (const auto& [type, drop] : all) {
    RandomStream weights(1), stream(7);
    const ModulePtr built = build(layer(type, "0", {{"p", 0.4}}), weights);
    // libtorch's functions draw from the default generator.
    at::Generator usual = at::detail::getDefaultCPUGenerator();
    usual.set_current_seed(7);
    const at::Tensor expected = drop(plain, 0.4, /*train=*/true);
    CHECK(at::equal(built->forward(plain, {{}, &stream}), expected));
    RandomStream again(7);
    const at::Tensor last = plain.contiguous(at::MemoryFormat::ChannelsLast);
    CHECK(at::equal(built->forward(last, {{}, &again}), expected));
    built->eval();
    CHECK(at::equal(built->forward(plain, {{}, &stream}), plain));
  }
}

TEST_CASE("masks are libtorch's, from wherever its generator is, and leave it where that would") {
  at::Generator theirs = RandomStream(5).cpu(), ours = theirs.clone();
  // Ends before, at and behind a renewal of the engine's 624 numbers.
  for (const int64_t count : {1, 310, 1, 0, 255, 256, 312, 5000}) {
    for (const at::ScalarType type : {at::kFloat, at::kDouble, at::kBFloat16}) {
      for (const double probability : {0.5, 0.7, 1.0}) {
        CAPTURE(count);
        const at::Tensor expected = at::empty({count}, type), made = at::empty_like(expected);
        expected.bernoulli_(probability, theirs).div_(probability);
        draw_mask(made, probability, ours);
        CHECK(at::equal(made, expected));
        CHECK(at::equal(at::randn({1}, ours), at::randn({1}, theirs)));
      }
    }
  }
  CHECK(at::equal(ours.get_state(), theirs.get_state()));
}

TEST_CASE("noise is added that libtorch draws, in any layout, and in training only") {
  const at::Tensor plain = at::randn({3, 4, 2, 5});
  RandomStream weights(1), stream(7);
  const ModulePtr built = build(layer("gaussianNoise", "0", {{"std", 0.4}}), weights);
  at::Generator usual = at::detail::getDefaultCPUGenerator();
  usual.set_current_seed(7);
  const at::Tensor expected = plain + at::randn({3, 4, 2, 5}) * 0.4;
  CHECK(at::equal(built->forward(plain, {{}, &stream}), expected));
  RandomStream again(7);
  const at::Tensor last = plain.contiguous(at::MemoryFormat::ChannelsLast);
  CHECK(at::equal(built->forward(last, {{}, &again}), expected));
  CHECK(built->needs_own_pass());
  CHECK_FALSE(build(layer("gaussianNoise", "0", {{"std", 0.0}}), weights)->needs_own_pass());
  built->eval();
  CHECK(at::equal(built->forward(plain, {{}, &stream}), plain));
}

TEST_CASE("samples are compared a few at a time where no graph is wanted, with the same bits") {
  RandomStream stream(2);
  // A batch of 900 is compared in more than one part: it has 2^24 differences and some.
  Network network({minibatch_discrimination("0", 8, 7, 3)}, at::kCPU, at::kFloat, stream);
  CHECK(network.mixes_samples());
  CHECK(network.body().needs_own_pass());
  const at::Tensor input = at::randn({900, 8}, stream.cpu()).mul_(0.1);
  const at::Tensor whole = network.body().forward(input);
  CHECK(at::equal(network.evaluate(input), whole));
  // By the paper's formula; the sample itself is no other.
  const at::Tensor rows = at::einsum("ni,iok->nok", {input, network.parameters()[0]});
  const at::Tensor one = (rows - rows[5]).abs().sum({2}).neg().exp().sum({0}) - 1;
  CHECK(at::allclose(whole[5].narrow(0, 8, 7), one, 1e-4, 1e-4));
  CHECK(at::equal(whole.narrow(1, 0, 8), input));
}

TEST_CASE("samples are mixed by what compares them, and by a normalisation that keeps nothing") {
  RandomStream stream(2);
  const auto mixes = [&stream](const Layer& one) {
    const Layer inside = layer("residual", "0", {}, {layer("sequential", "main", {}, {one})});
    return Network({inside}, at::kCPU, at::kFloat, stream).mixes_samples();
  };
  Layer norm = batch_norm("0", 8, 1e-5);
  CHECK_FALSE(mixes(norm));
  norm.options.set("trackRunningStats", false);
  CHECK(mixes(norm));
  CHECK(mixes(layer("minibatchStdDev", "0", {{"groupSize", 4.0}})));
}

TEST_CASE("a latent is noise, one label as one-hot, and codes in [-1, 1), side by side") {
  RandomStream stream(3);
  const Latent widths{62, 10, 2};
  const LatentBatch batch = draw_latent(widths, 500, at::TensorOptions(at::kFloat), stream.cpu());
  const at::Tensor latent = batch.input(widths);
  REQUIRE(latent.sizes() == at::IntArrayRef({500, 74}));
  const at::Tensor noise = latent.narrow(1, 0, 62), labels = latent.narrow(1, 62, 10);
  CHECK(std::abs(noise.mean().item<double>()) < 0.03);
  CHECK(std::abs(noise.std().item<double>() - 1) < 0.03);
  CHECK(at::equal(labels.sum(1), at::ones({500})));
  CHECK(labels.sum(0).min().item<double>() > 20);
  CHECK(at::equal(labels.argmax(1), batch.labels));
  CHECK(batch.input({62, 10, 2, /*one_hot=*/false}).sizes() == at::IntArrayRef({500, 64}));
  const at::Tensor codes = latent.narrow(1, 72, 2);
  CHECK(codes.min().item<double>() < -0.9);
  CHECK(codes.max().item<double>() > 0.9);
  CHECK(codes.abs().max().item<double>() <= 1);
}

TEST_CASE("truncated noise is distributed as if what is too far from 0 were drawn again") {
  RandomStream stream(3);
  const auto draw = [&](const Latent& latent) {
    const Rows rows = stream.cpu();
    return draw_latent(latent, 4000, at::TensorOptions(at::kFloat), rows).noise;
  };
  const auto kept = [](const at::Tensor& noise, double most) {
    return std::get<0>(at::sort(noise.masked_select(noise.abs() <= most)));
  };
  for (const bool uniform : {false, true}) {
    const Latent latent{8, 0, 0, true, uniform};
    const at::Tensor noise = draw(latent), other = draw(latent);
    for (const double most : {0.05, 0.7, 1.5, 40.0}) {
      CAPTURE(most);
      const at::Tensor less = truncated(noise, latent, most);
      CHECK((less.scalar_type() == at::kFloat));
      CHECK(less.abs().max().item<double>() <= most * (1 + 1e-7));
      // Nearer to 0, on the same side, and in the same order.
      CHECK((less.abs() <= noise.abs() + 1e-6).all().item<bool>());
      CHECK((less * noise >= 0).all().item<bool>());
      const at::Tensor sorted = less.flatten().index_select(0, at::argsort(noise.flatten()));
      CHECK((at::diff(sorted) >= 0).all().item<bool>());
      // As many are below a quantile of what would be left of other draws: to 5 deviations.
      const at::Tensor left = kept(other, most);
      const auto of_left = static_cast<double>(left.numel());
      const auto of_less = static_cast<double>(less.numel());
      for (const double share : {0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98}) {
        CAPTURE(share);
        const at::Tensor quantile = left[static_cast<int64_t>(share * of_left)];
        const double below = (less <= quantile).to(at::kDouble).mean().item<double>();
        const double deviation = std::sqrt(share * (1 - share) * (1 / of_left + 1 / of_less));
        CHECK(std::abs(below - share) < 5 * deviation);
      }
    }
    CHECK(at::allclose(truncated(noise, latent, 40), noise, 1e-6, 1e-6));
  }
}

TEST_CASE("a forked stream goes on by itself from where the other stood") {
  RandomStream stream(7);
  at::rand({3}, stream.cpu());
  const auto fork = stream.fork();
  const at::Tensor next = at::rand({3}, stream.cpu());
  CHECK(at::equal(at::rand({3}, fork->cpu()), next));
}

TEST_CASE("all samples of a request come in parts, in order, and are those of its seed") {
  RandomStream stream(0);
  const auto network = std::make_shared<Network>(small_generator(5), at::kCPU, at::kFloat, stream);
  const SampleRequest request{{5, 0, 0}, 600, 3, {}, {}, {}};
  Sampling sampling(network, request);
  CHECK_FALSE(sampling().has_value());
  CHECK_FALSE(sampling().has_value());
  const at::Tensor all = sampling().value();
  CHECK(all.sizes() == at::IntArrayRef({600, 1, 8, 8}));
  Samples samples(request);
  for (int64_t start = 0; start < 600; start = samples.done()) {
    const at::Tensor part = samples.next(*network);
    CHECK(at::equal(all.narrow(0, start, part.size(0)), part));
  }
}

TEST_CASE("an input goes through a network in parts, all of them by the weights of the first") {
  RandomStream stream(0);
  const auto network = std::make_shared<Network>(small_generator(5), at::kCPU, at::kFloat, stream);
  Network other(small_generator(5), at::kCPU, at::kFloat, stream);
  const at::Tensor input = at::randn({600, 5}, stream.cpu());
  const at::Tensor before = at::cat({network->evaluate(input.narrow(0, 0, 256)),
                                     network->evaluate(input.narrow(0, 256, 256)),
                                     network->evaluate(input.narrow(0, 512, 88))});
  Forwarding forwarding(network, input, {});
  CHECK_FALSE(forwarding().has_value());
  network->load(other.state());
  CHECK_FALSE(forwarding().has_value());
  CHECK(at::equal(network->evaluate(input), other.evaluate(input)));
  CHECK(at::equal(forwarding().value(), before));
  CHECK(at::equal(network->evaluate(input), other.evaluate(input)));
}

TEST_CASE("each part of an input goes through a network with its own labels") {
  RandomStream stream(0);
  const Layer embedding =
      layer("embedding", "label",
            {{"numEmbeddings", 3.0}, {"embeddingDim", 2.0}, {"combine", "concatenate"}});
  const std::vector<Layer> layers{embedding, linear("score", 6, 1)};
  const auto network = std::make_shared<Network>(layers, at::kCPU, at::kFloat, stream);
  const at::Tensor input = at::randn({300, 4}, stream.cpu());
  const at::Tensor labels = at::arange(300).remainder(3);
  Forwarding forwarding(network, input, labels.to(at::kInt));
  CHECK_FALSE(forwarding().has_value());
  const at::Tensor last = network->evaluate(input.narrow(0, 256, 44), labels.narrow(0, 256, 44));
  CHECK(at::equal(forwarding().value().narrow(0, 256, 44), last));
}

TEST_CASE("of an input that goes through a network only the means of its rows come back") {
  RandomStream stream(0);
  const std::vector<Layer> layers{conv("0", 2, 3, 2, 1)};
  const auto network = std::make_shared<Network>(layers, at::kCPU, at::kFloat, stream);
  const at::Tensor input = at::randn({300, 2, 4, 5}, stream.cpu());
  Forwarding forwarding(network, input, {}, {}, /*averages=*/true);
  CHECK_FALSE(forwarding().has_value());
  const at::Tensor means = forwarding().value(), expected = network->evaluate(input);
  CHECK(means.sizes() == at::IntArrayRef{300});
  CHECK(distance(means, expected.mean({1, 2, 3})) < 1e-6);
}

TEST_CASE("conditional batch normalisation has a weight and a bias for each class") {
  const Options options{
      {"numFeatures", 20.0}, {"numEmbeddings", 3.0}, {"eps", 1e-3}, {"momentum", 0.1}};
  RandomStream stream(4);
  // Inside another layer: labels reach it there.
  const Layer norm = layer("conditionalBatchNorm2d", "0", options);
  Network network({layer("residual", "0", {}, {layer("sequential", "main", {}, {norm})})}, at::kCPU,
                  at::kDouble, stream);
  const at::Tensor scales = network.state().back().second;
  CHECK(scales.narrow(1, 0, 20).mean().item<double>() == doctest::Approx(1).epsilon(0.02));
  CHECK(at::equal(scales.narrow(1, 20, 20), at::zeros({3, 20}, at::kDouble)));
  const at::NoGradGuard no_grad;
  scales.narrow(1, 20, 20).uniform_(-1, 1);

  const at::Tensor x = at::randn({6, 20, 2, 3}, at::kDouble);
  const at::Tensor labels = at::tensor({0, 2, 1, 1, 0, 2}, at::kLong);
  const at::Tensor mean = x.mean({0, 2, 3}, true), variance = x.var({0, 2, 3}, false, true);
  const at::Tensor own = scales.index_select(0, labels).unsqueeze(2).unsqueeze(3);
  const at::Tensor normal = (x - mean) / (variance + 1e-3).sqrt();
  const at::Tensor expected = own.narrow(1, 0, 20) * normal + own.narrow(1, 20, 20) + x;
  CHECK(at::allclose(network.body().forward(x, {labels}), expected, 1e-9, 1e-9));
  CHECK(network.body().needs_own_pass());
  CHECK_THROWS_WITH_AS(network.body().forward(x),
                       "Expected labels for a conditional network but received none", Error);
}
