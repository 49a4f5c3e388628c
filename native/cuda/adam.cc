#include "cuda/adam.h"

namespace sparring {
namespace {

#include "cuda/kernels/adam_table.h"

template <class Number>
Number* pointer(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.mutable_data_ptr<Number>() : nullptr;
}

// What each block works on: every tensor has blocks of its own.
template <class Number>
class Launches {
 public:
  Launches(const Launcher& launcher, const AdamOptions& of, const AdamKernel::Numbers& numbers)
      : launcher_(launcher), of_(of), numbers_(numbers) {}

  void add(const AdamTensors& one, const at::Tensor& updates) {
    const int64_t size = one.parameter.numel();
    if (size == 0) {
      updates.add_(1);
      return;
    }
    table_.tensors[table_.count++] = {pointer<Number>(one.parameter),
                                      one.gradient.const_data_ptr<Number>(),
                                      pointer<Number>(one.mean),
                                      pointer<Number>(one.square),
                                      pointer<Number>(one.average),
                                      updates.mutable_data_ptr<float>(),
                                      size,
                                      blocks_};
    blocks_ += static_cast<int>((size + kValuesOfBlock - 1) / kValuesOfBlock);
    if (table_.count == kMostTensors) launch();
  }

  void launch() {
    if (table_.count == 0) return;
    const std::string type = sizeof(Number) == sizeof(float) ? "float" : "double";
    const at::Tensor factors =
        at::empty({table_.count, static_cast<int64_t>(sizeof(AdamFactors<Number>))},
                  numbers_.rate.options().dtype(at::kByte));
    const Argument table = Argument::whole(table_);
    launcher_.launch("begin_update_" + type, {1, 1}, {kMostTensors, 1},
                     {table, Argument::whole(of_), numbers_.rate.const_data_ptr<float>(),
                      pointer<double>(numbers_.average_weight), factors.data_ptr()});
    launcher_.launch("update_values_" + type, {static_cast<unsigned>(blocks_), 1},
                     {kAdamThreads, 1}, {table, factors.data_ptr()});
    table_.count = blocks_ = 0;
  }

 private:
  const Launcher& launcher_;
  const AdamOptions& of_;
  const AdamKernel::Numbers& numbers_;
  AdamTable<Number> table_{};
  int blocks_ = 0;
};

}  // namespace

void DeviceAdam::update(const std::vector<AdamTensors>& tensors, const AdamConstants& constants,
                        const Numbers& numbers) const {
  if (tensors.empty()) return;
  const AdamOptions of{constants.beta1, constants.beta2, constants.eps, constants.weight_decay,
                       constants.decoupled};
  const auto launch = [&](auto launches) {
    for (size_t i = 0; i < tensors.size(); ++i) launches.add(tensors[i], numbers.updates[i]);
    launches.launch();
  };
  if (tensors[0].parameter.scalar_type() == at::kDouble) {
    launch(Launches<double>(launcher_, of, numbers));
  } else {
    launch(Launches<float>(launcher_, of, numbers));
  }
}

}  // namespace sparring
