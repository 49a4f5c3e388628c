#include "core/data/planes.h"

#include <ATen/Parallel.h>

#include <filesystem>
#include <thread>

#include "core/options.h"
#include "core/random.h"
#include "core/test/check.h"  // last: see there

using namespace sparring;

namespace {

int64_t threads() {
  const std::filesystem::directory_iterator all("/proc/self/task");
  return std::distance(begin(all), end(all));
}

}  // namespace

TEST_CASE("images whose channels come last fill planes with what is where it says") {
  const Shape shapes[] = {{1, 3, 2, 5},     {2, 4, 3, 3}, {3, 1, 4, 2}, {1, 3, 70'000, 1},
                          {1, 3, 300, 400}, {1, 3, 0, 1}, {0, 3, 2, 2}, {1, 3, 2, 25'000}};
  for (const Shape& shape : shapes) {
    RandomStream stream(1);
    const at::Tensor planes = at::randint(256, shape, stream.cpu(), at::TensorOptions(at::kByte));
    const at::Tensor last = planes.permute({0, 2, 3, 1}).contiguous();
    CHECK(at::equal(planes_of(last), planes));
    CHECK(planes_of(last).const_data_ptr() == last.const_data_ptr());
    const at::Tensor filled = at::empty_like(planes);
    fill_planes(filled, last);
    CHECK(at::equal(filled, planes));
  }
}

TEST_CASE("a thread that fills planes gets no others for it, however wide an image is") {
  for (const int64_t width : {200, 200'000}) {
    CAPTURE(width);
    const int64_t height = 600'000 / width;
    const at::Tensor last = at::ones({1, height, width, 3}, at::TensorOptions(at::kByte));
    const at::Tensor planes = at::zeros({1, 3, height, width}, at::TensorOptions(at::kByte));
    std::thread([&] {
      at::set_num_threads(2);
      const int64_t before = threads();
      fill_planes(planes, last);
      CHECK(threads() == before);
      CHECK(planes.eq(1).all().item<bool>());
      CHECK(threads() == before + 1);
    }).join();
  }
}
