#include "core/nn/init.h"

#include <cmath>

#include "core/table.h"

namespace sparring {
namespace {

// The numbers that go into one output, and the outputs that one number goes into, as torch counts
// them: by the first two axes, also of a transposed convolution, where these are the other way
// round.
struct Fans {
  explicit Fans(const at::Tensor& weight)
      : in(static_cast<double>(weight[0].numel())),
        out(static_cast<double>(weight.size(0) * weight[0][0].numel())) {}
  double in, out;
};

// In all that follows: in the order of Python's doubles, or the last bit of a bound differs.

void draw_uniform(const at::Tensor& weight, double deviation, at::Generator& generator) {
  const double bound = std::sqrt(3.0) * deviation;
  weight.uniform_(-bound, bound, generator);
}

void draw_normal(const at::Tensor& weight, double deviation, at::Generator& generator) {
  weight.normal_(0, deviation, generator);
}

using Draw = void (*)(const at::Tensor& weight, double deviation, at::Generator& generator);

// Glorot and Bengio 2010.
template <Draw draw>
void xavier(const at::Tensor& weight, const Options& options, at::Generator& generator) {
  const Fans fans(weight);
  draw(weight, options.number("gain") * std::sqrt(2.0 / (fans.in + fans.out)), generator);
}

double leaky_gain(double slope) { return std::sqrt(2.0 / (1 + slope * slope)); }

// torch.nn.init.calculate_gain.
double gain_of(const std::string& nonlinearity, double slope) {
  static const std::map<std::string, double> others = {
      {"linear", 1}, {"relu", leaky_gain(0)}, {"selu", 3.0 / 4}, {"tanh", 5.0 / 3}};
  if (nonlinearity == "leakyRelu") return leaky_gain(slope);
  return row(others, nonlinearity, "nonlinearity");
}

// He et al. 2015.
template <Draw draw>
void kaiming(const at::Tensor& weight, const Options& options, at::Generator& generator) {
  const Fans fans(weight);
  const double fan = options.text("mode") == "fanOut" ? fans.out : fans.in;
  const double gain = gain_of(options.text("nonlinearity"), options.number("a"));
  draw(weight, gain / std::sqrt(fan), generator);
}

// Saxe et al. 2014: a row for each index of the first axis, orthogonal where there are no more of
// them than columns, else the columns are.
void orthogonal(const at::Tensor& weight, const Options& options, at::Generator& generator) {
  const int64_t rows = weight.size(0), columns = weight.numel() / rows;
  at::Tensor matrix = weight.new_empty({rows, columns}).normal_(0, 1, generator);
  if (rows < columns) matrix.t_();
  auto [q, r] = at::linalg_qr(matrix);
  // By these signs it is uniform among the orthogonal ones (Mezzadri 2007).
  q.mul_(at::diag(r).sign());
  if (rows < columns) q.t_();
  weight.view_as(q).copy_(q);
  weight.mul_(options.number("gain"));
}

void by_deviation(const at::Tensor& weight, const Options& options, at::Generator& generator) {
  draw_normal(weight, options.number("std"), generator);
}

void by_range(const at::Tensor& weight, const Options& options, at::Generator& generator) {
  weight.uniform_(-options.number("range"), options.number("range"), generator);
}

using Products = void (*)(const at::Tensor& weight, const Options&, at::Generator&);

// Of linear layers and of convolutions; their biases become 0.
template <Products draw>
void products(const Redrawn& layer, const Options& options, at::Generator& generator) {
  if (layer.kind != Redrawn::kLinear && layer.kind != Redrawn::kConvolution) return;
  draw(layer.weight, options, generator);
  if (layer.bias.defined()) layer.bias.zero_();
}

// Radford et al. 2016, section 4. The biases of convolutions stay as they are.
void dcgan(const Redrawn& layer, const Options&, at::Generator& generator) {
  if (layer.kind == Redrawn::kConvolution) draw_normal(layer.weight, 0.02, generator);
  if (layer.kind != Redrawn::kBatchNorm) return;
  layer.weight.normal_(1, 0.02, generator);
  layer.bias.zero_();
}

}  // namespace

void init_weight_and_bias(at::Tensor& weight, at::Tensor& bias, RandomStream& stream) {
  const at::NoGradGuard no_grad;
  const double fan_in = Fans(weight).in;
  draw_uniform(weight, leaky_gain(std::sqrt(5.0)) / std::sqrt(fan_in), stream.cpu());
  if (!bias.defined()) return;
  const double bias_bound = 1 / std::sqrt(fan_in);
  bias.uniform_(-bias_bound, bias_bound, stream.cpu());
}

Init::Init(const Choice& choice) : options_(choice.options) {
  static const std::map<std::string, Rule> table = {
      {"dcgan", dcgan},
      {"kaimingNormal", products<kaiming<draw_normal>>},
      {"kaimingUniform", products<kaiming<draw_uniform>>},
      {"normal", products<by_deviation>},
      {"orthogonal", products<orthogonal>},
      {"uniform", products<by_range>},
      {"xavierNormal", products<xavier<draw_normal>>},
      {"xavierUniform", products<xavier<draw_uniform>>},
  };
  rule_ = row(table, choice.type, "init");
}

void Init::draw(const Redrawn& layer, RandomStream& stream) const {
  const at::NoGradGuard no_grad;
  if (rule_ != nullptr) rule_(layer, options_, stream.cpu());
}

}  // namespace sparring
