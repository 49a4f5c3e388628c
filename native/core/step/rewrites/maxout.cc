#include "core/step/rewrites/maxout.h"

#include "core/nn/maxout.h"
#include "core/step/rewrites/bilinear.h"
#include "core/step/rewrites/maxout_kernels.h"

namespace sparring {
namespace {

// The largest piece of each output in one pass. The first output finds which those are; what comes
// after is its derivatives', of the same pieces.
class LargestPieces : public Bilinear {
 public:
  explicit LargestPieces(int64_t pieces) : pieces_(pieces) {}

  at::Tensor output(const at::Tensor& rows, const at::Tensor& weight,
                    const at::Tensor& bias) const override {
    if (places_.defined()) return choose(rows, weight, places_);
    const Chosen chosen = Chosen::empty(rows.size(0), weight.size(0) / pieces_, rows.options());
    choose_largest(rows, weight, bias, chosen);
    places_ = chosen.places;
    return chosen.values;
  }
  at::Tensor image_gradient(const at::Tensor& gradient, const at::Tensor& weight,
                            at::IntArrayRef sizes) const override {
    const at::Tensor to = at::empty(sizes, weight.options());
    sparring::input_gradient({gradient, places_}, weight, to);
    return to;
  }
  at::Tensor weight_gradient(const at::Tensor& rows, const at::Tensor& gradient,
                             at::IntArrayRef sizes) const override {
    const at::Tensor to = at::empty(sizes, rows.options());
    sparring::weight_gradient({gradient, places_}, rows, to);
    return to;
  }
  // By libtorch's operations, which have derivatives of their own.
  at::Tensor bias_gradient(const at::Tensor& gradient) const override {
    const int64_t all = places_.size(0) * pieces_;
    const at::Tensor first = at::arange(0, all, pieces_, places_.options()).unsqueeze(1);
    return at::zeros({all}, gradient.options())
        .index_add(0, (first + places_).flatten(), gradient.t().flatten());
  }

 private:
  int64_t pieces_;
  mutable at::Tensor places_;
};

class MaxoutInOnePass : public Module {
 public:
  explicit MaxoutInOnePass(std::shared_ptr<Maxout> layer) : layer_(std::move(layer)) {}
  at::Tensor forward(const at::Tensor& input, const Context&) override {
    const Linear& linear = *layer_->linear();
    return sparring::apply(c10::make_intrusive<LargestPieces>(layer_->pieces()), input,
                           linear.weight(), linear.bias());
  }

 private:
  std::shared_ptr<Maxout> layer_;
};

}  // namespace

Verdict fuse_maxout(const ModulePtr& maxout) {
  const auto layer = std::dynamic_pointer_cast<Maxout>(maxout);
  if (!layer) return {};
  if (!layer->linear()->weight().is_cpu()) return refuse("its loops are for a CPU");
  return {std::make_shared<MaxoutInOnePass>(layer), ""};
}

}  // namespace sparring
