#include <torch/script.h>

#include "core/error.h"
#include "core/metrics/feature_network.h"
#include "core/runtime/accelerator.h"

namespace sparring {
namespace {

std::string list(at::IntArrayRef shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  }
  return text + "]";
}

// The last line of what TorchScript says: before it stands a trace of its source.
std::string reason(const std::exception& error) {
  const auto* ours = dynamic_cast<const c10::Error*>(&error);
  std::string text = ours == nullptr ? error.what() : ours->what_without_backtrace();
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const size_t end = text.rfind('\n');
  return end == std::string::npos ? text : text.substr(end + 1);
}

class TorchScript : public FeatureNetwork {
 public:
  TorchScript(torch::jit::Module module, std::string name, const FeatureInput& input,
              const at::Device& device)
      : FeatureNetwork(input, device), module_(std::move(module)), name_(std::move(name)) {}

  // A network is asked before anybody waits for it. Two images: what only takes one, or mixes them,
  // is found.
  void try_out() {
    const int64_t side = tried_side();
    see(at::zeros({2, input().channels, side, side}, at::kByte));
  }

 protected:
  Seen look(const at::Tensor& images) override {
    const at::NoGradGuard no_grad;
    const at::Tensor features = first(run(images));
    if (!is_row_each(features, images.size(0)) || !features.is_floating_point()) {
      refuse(images, features);
    }
    const at::Tensor rows = features.reshape({images.size(0), -1}).to(at::kFloat);
    if (width_ == 0) width_ = rows.size(1);
    if (rows.size(1) != width_ || !rows.isfinite().all().item<bool>()) refuse(images, features);
    return {rows, {}};
  }

 private:
  int64_t tried_side() const { return input().size == 0 ? 32 : input().size; }

  c10::IValue run(const at::Tensor& images) {
    try {
      return module_.forward({images});
    } catch (const std::exception& error) {
      throw Error("ERR_DATA", "Expected a network that takes " + told(images) + " for " + name_ +
                                  " but received one that does not (" + reason(error) + ")");
    }
  }

  // A network that ends in squeeze() leaves out the dimension of a single image as well.
  bool is_row_each(const at::Tensor& features, int64_t images) const {
    if (!features.defined()) return false;
    if (images == 1 && features.dim() == 1) return features.size(0) == width_;
    return features.dim() >= 2 && features.size(0) == images && features.size(1) > 0 &&
           features.numel() == images * features.size(1);
  }

  // Its only output, or the first of several.
  static at::Tensor first(const c10::IValue& output) {
    if (output.isTensor()) return output.toTensor();
    if (output.isTuple() && !output.toTupleRef().elements().empty()) {
      return first(output.toTupleRef().elements()[0]);
    }
    if (output.isList() && !output.toListRef().empty()) return first(output.toListRef()[0]);
    return {};
  }

  std::string told(const at::Tensor& images) const {
    return std::string(input().bytes ? "uint8" : "float32") + " images " + list(images.sizes());
  }

  [[noreturn]] void refuse(const at::Tensor& images, const at::Tensor& output) const {
    const std::string got = !output.defined() ? "no tensor"
                            : !output.is_floating_point()
                                ? std::string("a tensor of ") + c10::toString(output.scalar_type())
                            : output.isfinite().all().item<bool>() ? list(output.sizes())
                                                                   : "numbers that are not finite";
    const std::string rows = std::to_string(images.size(0)), side = std::to_string(tried_side());
    const std::string what = width_ == 0 ? ", width] of " + told(images)
                                         : ", " + std::to_string(width_) + "] of " + told(images) +
                                               ", as of those of " + side + " × " + side +
                                               " that it was tried with,";
    throw Error("ERR_DATA", "Expected features [" + rows + what + " for the output of " + name_ +
                                " but received " + got);
  }

  torch::jit::Module module_;
  std::string name_;
  int64_t width_ = 0;
};

}  // namespace

std::unique_ptr<FeatureNetwork> load_torch_script(const std::string& path, const std::string& name,
                                                  const FeatureInput& input,
                                                  const at::Device& device) {
  enter_device(device);
  torch::jit::Module module;
  try {
    module = torch::jit::load(path, device);
    module.eval();
  } catch (const std::exception&) {
    // What it says is where in its own source it noticed.
    throw Error("ERR_DATA", "Expected a TorchScript file for " + name + " but received \"" + path +
                                "\" (libtorch cannot load it)");
  }
  auto network = std::make_unique<TorchScript>(std::move(module), name, input, device);
  network->try_out();
  return network;
}

}  // namespace sparring
