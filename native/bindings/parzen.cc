#include "core/metrics/parzen.h"

#include "bindings/convert.h"
#include "bindings/metrics.h"
#include "bindings/promise.h"

namespace sparring::bindings {
namespace {

using Estimates = std::vector<ParzenWindow::Estimate>;

struct Chosen {
  Estimates tried;  // on the validation points; empty where there was one sigma
  size_t best = 0;
  ParzenWindow::Estimate test{};
};

Napi::Object to_estimate(Napi::Env env, const ParzenWindow::Estimate& estimate) {
  const auto object = Napi::Object::New(env);
  object.Set("mean", estimate.mean);
  object.Set("standardError", estimate.standard_error);
  return object;
}

Napi::Value to_chosen(Napi::Env env, const Chosen& chosen) {
  const auto tried = Napi::Array::New(env, chosen.tried.size());
  for (uint32_t i = 0; i < tried.Length(); ++i) tried.Set(i, to_estimate(env, chosen.tried[i]));
  const auto object = Napi::Object::New(env);
  object.Set("tried", tried);
  object.Set("best", static_cast<double>(chosen.best));
  object.Set("test", to_estimate(env, chosen.test));
  return object;
}

std::vector<double> read_doubles(const Napi::Value& value) {
  const auto array = value.As<Napi::Float64Array>();
  return {array.Data(), array.Data() + array.ElementLength()};
}

struct ParzenTask {
  at::Tensor samples, validation, test;  // rows; validation may be undefined
  std::vector<double> range, sigmas;
};

// Two windows, one after the other, in slices.
class ParzenWork {
 public:
  explicit ParzenWork(ParzenTask task) : task_(std::move(task)) {}

  std::optional<Chosen> operator()() {
    if (!window_) start();
    if (window_->advance()) return std::nullopt;
    Estimates estimates = window_->estimates();
    window_.reset();
    if (task_.validation.defined()) {
      choose(std::move(estimates));
      return std::nullopt;
    }
    chosen_.test = estimates[0];
    return chosen_;
  }

 private:
  void start() {
    if (!pixels_.defined()) {
      const double black = task_.range[0], white = task_.range[1];
      pixels_ = task_.samples.to(at::kDouble).sub_(black).div_(white - black);
      task_.samples = at::Tensor();
    }
    if (task_.validation.defined()) {
      window_.emplace(pixels_, task_.validation, task_.sigmas);
    } else {
      const std::vector<double> sigma{task_.sigmas[chosen_.best]};
      window_.emplace(pixels_, task_.test, sigma);
    }
  }

  void choose(Estimates tried) {
    for (size_t i = 1; i < tried.size(); ++i) {
      if (tried[i].mean > tried[chosen_.best].mean) chosen_.best = i;
    }
    chosen_.tried = std::move(tried);
    task_.validation = at::Tensor();
  }

  ParzenTask task_;
  at::Tensor pixels_;
  std::optional<ParzenWindow> window_;
  Chosen chosen_;
};

// parzen(samples: Float32Array, range: Float64Array, validation: Float32Array | undefined,
//        test: Float32Array, dimensions: number, sigmas: Float64Array): Promise<NativeParzen>
Napi::Value Parzen(const Napi::CallbackInfo& info) {
  const int64_t dimensions = info[4].As<Napi::Number>().Int64Value();
  const auto copy_rows = [dimensions](const Napi::Value& values) {
    if (!values.IsTypedArray()) return at::Tensor();
    const auto length = static_cast<int64_t>(values.As<Napi::TypedArray>().ElementLength());
    return copy_floats(values, {length / dimensions, dimensions});
  };
  ParzenTask task{copy_rows(info[0]), copy_rows(info[2]), copy_rows(info[3]), read_doubles(info[1]),
                  read_doubles(info[5])};
  return run_slices(info.Env(), ParzenWork(std::move(task)), to_chosen);
}

}  // namespace

void InitParzen(Napi::Env env, Napi::Object metrics) {
  metrics.Set("parzen", Napi::Function::New<Parzen>(env, "parzen"));
}

}  // namespace sparring::bindings
