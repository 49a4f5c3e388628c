#include "core/step/rewrites/maxout.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>

#include "core/nn/maxout.h"
#include "core/step/rewrites/linear_product.h"

namespace sparring {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Outputs that are worth another thread.
constexpr int64_t kGrain = 8192;

// Calls loop(T, begin, end) for ranges of so many outputs, of a tensor of Ts.
template <class Loop>
void for_outputs(const at::Tensor& like, int64_t count, const Loop& loop) {
  AT_DISPATCH_FLOATING_TYPES(like.scalar_type(), "maxout", [&] {
    at::parallel_for(0, count, kGrain,
                     [&](int64_t begin, int64_t end) { loop(scalar_t{}, begin, end); });
  });
}

// The first of the largest values, or a NaN's place.
template <class T>
int32_t place_of_largest(const T* values, int64_t count) {
  int32_t place = 0;
  for (int32_t i = 1; i < count; ++i) {
    if (values[i] > values[place] || std::isnan(values[i])) place = i;
  }
  return place;
}

// The value at each output's place: [N, out · pieces] -> [N, out].
at::Tensor gather(const at::Tensor& pieces, const at::Tensor& places) {
  const at::Tensor from = pieces.contiguous(), to = at::empty(places.sizes(), from.options());
  const int64_t each = from.size(1) / places.size(1);
  const int32_t* const place = places.const_data_ptr<int32_t>();
  for_outputs(from, to.numel(), [&](auto zero, int64_t begin, int64_t end) {
    using T = decltype(zero);
    const T* const values = from.const_data_ptr<T>();
    T* const chosen = to.mutable_data_ptr<T>();
    for (int64_t i = begin; i < end; ++i) chosen[i] = values[i * each + place[i]];
  });
  return to;
}

// Each output's value at its place, and zeros at the others: [N, out] -> [N, out · pieces].
at::Tensor scatter(const at::Tensor& outputs, const at::Tensor& places, int64_t each) {
  const at::Tensor from = outputs.contiguous();
  const at::Tensor to = at::empty({from.size(0), from.size(1) * each}, from.options());
  const int32_t* const place = places.const_data_ptr<int32_t>();
  for_outputs(from, from.numel(), [&](auto zero, int64_t begin, int64_t end) {
    using T = decltype(zero);
    const T* const values = from.const_data_ptr<T>();
    T* const spread = to.mutable_data_ptr<T>();
    std::fill(spread + begin * each, spread + end * each, zero);
    for (int64_t i = begin; i < end; ++i) spread[i * each + place[i]] = values[i];
  });
  return to;
}

// Each is the other's derivative, as both are linear in the values that they move.
struct Gather : torch::autograd::Function<Gather> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& pieces,
                            const at::Tensor& places);
  static variable_list backward(AutogradContext* context, variable_list gradients);
};

struct Scatter : torch::autograd::Function<Scatter> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& outputs,
                            const at::Tensor& places, int64_t each) {
    context->save_for_backward({places});
    return scatter(outputs, places, each);
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    return {Gather::apply(gradients[0], context->get_saved_variables()[0]), {}, {}};
  }
};

at::Tensor Gather::forward(AutogradContext* context, const at::Tensor& pieces,
                           const at::Tensor& places) {
  context->save_for_backward({places});
  context->saved_data["each"] = pieces.size(1) / places.size(1);
  // Where nothing comes back there is nothing to compute: no zeros.
  context->set_materialize_grads(false);
  return gather(pieces, places);
}

variable_list Gather::backward(AutogradContext* context, variable_list gradients) {
  if (!gradients[0].defined()) return variable_list(2);
  const int64_t each = context->saved_data["each"].toInt();
  return {Scatter::apply(gradients[0], context->get_saved_variables()[0], each), {}};
}

at::Tensor places_of_largest(const at::Tensor& pieces, int64_t each) {
  const at::Tensor from = pieces.detach().contiguous();
  const at::Tensor places =
      at::empty({from.size(0), from.size(1) / each}, from.options().dtype(at::kInt));
  int32_t* const place = places.mutable_data_ptr<int32_t>();
  for_outputs(from, places.numel(), [&](auto zero, int64_t begin, int64_t end) {
    const auto* const values = from.const_data_ptr<decltype(zero)>();
    for (int64_t i = begin; i < end; ++i) place[i] = place_of_largest(values + i * each, each);
  });
  return places;
}

class MaxoutInOnePass : public Module {
 public:
  MaxoutInOnePass(ModulePtr linear, int64_t pieces) : linear_(std::move(linear)), each_(pieces) {}
  at::Tensor forward(const at::Tensor& input, const Context& context) override {
    const at::Tensor pieces = linear_->forward(input, context);
    return Gather::apply(pieces, places_of_largest(pieces, each_));
  }

 private:
  ModulePtr linear_;
  int64_t each_;
};

}  // namespace

Verdict fuse_maxout(const ModulePtr& maxout) {
  const auto layer = std::dynamic_pointer_cast<Maxout>(maxout);
  if (!layer) return {};
  if (!layer->linear()->weight().is_cpu()) return refuse("its loops are for a CPU");
  const ModulePtr products = fuse_linear_product(layer->linear()).module;
  return {std::make_shared<MaxoutInOnePass>(products ? products : layer->linear(), layer->pieces()),
          ""};
}

}  // namespace sparring
