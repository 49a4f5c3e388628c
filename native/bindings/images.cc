#include "bindings/convert.h"
#include "bindings/promise.h"
#include "bindings/runtime.h"
#include "core/io/grid.h"

namespace sparring::bindings {
namespace {

Napi::Value to_grid(Napi::Env env, const at::Tensor& pixels) {
  const auto object = Napi::Object::New(env);
  object.Set("data", to_bytes(env, pixels));
  object.Set("height", static_cast<double>(pixels.size(0)));
  object.Set("width", static_cast<double>(pixels.size(1)));
  return object;
}

std::optional<std::pair<double, double>> to_range(const Napi::Value& value) {
  if (!value.IsArray()) return {};
  const auto range = value.As<Napi::Array>();
  const auto number = [&](uint32_t i) { return range.Get(i).As<Napi::Number>().DoubleValue(); };
  return std::pair(number(0), number(1));
}

// renderGrid(images: Float32Array, shape: number[], options: NativeGridOptions):
//     Promise<NativeGrid>
Napi::Value RenderGrid(const Napi::CallbackInfo& info) {
  const at::Tensor images = copy_floats(info[0], to_shape(info[1]));
  const auto given = info[2].As<Napi::Object>();
  const GridOptions options{to_whole(given, "columns"), to_whole(given, "padding"),
                            to_flag(given, "normalize"), to_range(given.Get("range"))};
  return run_async(info.Env(), [images, options] { return render_grid(images, options); }, to_grid);
}

}  // namespace

void InitImages(Napi::Env env, Napi::Object exports) {
  exports.Set("renderGrid", Napi::Function::New<RenderGrid>(env, "renderGrid"));
}

}  // namespace sparring::bindings
