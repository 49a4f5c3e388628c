#include "core/data/rounding.h"

#include <cmath>
#include <limits>
#include <vector>

#include "core/data/dataset.h"
#include "core/random.h"
#include "core/test/check.h"  // last: see there

using namespace sparring;

namespace {

// What JavaScript computed for years, value by value; -1 for what has no level.
int64_t level_of(double value, const Range& range) {
  const double scale = 255 / (range.white - range.black);
  const double level = std::floor((value - range.black) * scale + 0.5);
  return level >= 0 && level <= 255 ? static_cast<int64_t>(level) : -1;
}

template <class T>
void check_levels(const std::vector<T>& values, const Range& range) {
  std::vector<uint8_t> levels(values.size());
  const auto count = static_cast<int64_t>(values.size());
  REQUIRE(to_levels(values.data(), count, range, levels.data()) == -1);
  int64_t others = 0;
  for (size_t i = 0; i < values.size(); ++i) others += levels[i] != level_of(values[i], range);
  CHECK(others == 0);
}

// Halves between two levels, and beyond the last ones, where a last bit decides, and others; in
// blocks and a rest.
template <class T>
std::vector<T> edges_of(const Range& range) {
  std::vector<T> values;
  const double unit = (range.white - range.black) / 255;
  for (int i = 0; i < 513 * 41; ++i) {
    const double half = range.black + unit * (i % 513 - 1) / 2;
    const auto value = static_cast<T>(half + unit * (i / 513 - 20) * 1e-8);
    for (const T near : {std::nextafter(value, T(-1e9)), value, std::nextafter(value, T(1e9))}) {
      if (level_of(near, range) >= 0) values.push_back(near);
    }
  }
  return values;
}

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <class T>
int64_t first_unfit(std::vector<T> values, const Range& range = {0, 1}) {
  std::vector<uint8_t> levels(values.size() + 1, 77);
  const auto count = static_cast<int64_t>(values.size());
  const int64_t found = to_levels(values.data(), count, range, levels.data());
  CHECK(levels.back() == 77);
  return found;
}

}  // namespace

TEST_CASE("values become the nearest level, to the bits of float64, of any type and range") {
  for (const Range range : {Range{-1, 1}, Range{0, 1}, Range{0, 255}, Range{-0.3, 1e-3},
                            Range{-6, 6}, Range{0.1, 0.7}, Range{0, 0.1}}) {
    check_levels(edges_of<float>(range), range);
    check_levels(edges_of<double>(range), range);
  }
  std::vector<uint8_t> bytes(256);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i);
  check_levels(bytes, {0, 255});
  check_levels(bytes, {-1, 256});
}

TEST_CASE("a level up to half a level outside the range is the last one; further out is none") {
  const double least = std::nextafter(-0.5 / 255, 0), most = std::nextafter(255.5 / 255, 0);
  std::vector<uint8_t> levels(2);
  const std::vector<double> values{least, most};
  REQUIRE(to_levels(values.data(), 2, {0, 1}, levels.data()) == -1);
  CHECK(levels == std::vector<uint8_t>{0, 255});
  // A product and a sum that are rounded at once would be a little less than zero here.
  CHECK(first_unfit<double>({-0.00019607843137254904}, {0, 0.1}) == -1);
  for (const double outside : {-0.51 / 255, 255.5 / 255, 1e300, -1e300, kInfinity, -kInfinity}) {
    CHECK(first_unfit<double>({0, outside}) == 1);
  }
}

TEST_CASE("the first value without a level is told of, wherever in an array it is") {
  for (const size_t place : {0, 1, 4095, 4096, 9998}) {
    for (const double unfit : {kNaN, 2.0, -kInfinity}) {
      std::vector<double> values(9999, 0.5);
      values[place] = values.back() = unfit;
      CHECK(first_unfit(values) == static_cast<int64_t>(place));
      CHECK(first_unfit(std::vector<float>(values.begin(), values.end())) ==
            static_cast<int64_t>(place));
    }
  }
  CHECK(first_unfit<uint8_t>({0, 1, 2, 3}, {0, 1.4}) == 2);
  CHECK(first_unfit<float>({}) == -1);
  // A range that is too narrow for a scale has no levels at all.
  CHECK(first_unfit<double>({0}, {0, 1e-320}) == 0);
}

TEST_CASE("values become the nearest float32, of which the first that is not finite is told of") {
  RandomStream stream(1);
  const at::Tensor drawn =
      at::randn({9999}, stream.cpu(), at::TensorOptions(at::kDouble)).mul_(1e30);
  at::Tensor floats = at::empty({9999}, at::TensorOptions(at::kFloat));
  const double* const doubles = drawn.const_data_ptr<double>();
  float* const to = floats.mutable_data_ptr<float>();
  CHECK(to_finite(doubles, 9999, to) == -1);
  CHECK(at::equal(floats, drawn.to(at::kFloat)));
  const at::Tensor same = at::empty_like(floats);
  CHECK(to_finite(floats.const_data_ptr<float>(), 9999, same.mutable_data_ptr<float>()) == -1);
  CHECK(at::equal(same, floats));
  CHECK(to_finite(doubles, 0, to) == -1);
  for (const int64_t place : {0, 4095, 4096, 9998}) {
    for (const double unfit : {kNaN, kInfinity, -kInfinity, 3.5e38}) {
      at::Tensor some = drawn.clone();
      some[place] = some[9998] = unfit;
      CHECK(to_finite(some.const_data_ptr<double>(), 9999, to) == place);
      const at::Tensor narrow = some.to(at::kFloat);
      CHECK(to_finite(narrow.const_data_ptr<float>(), 9999, to) == place);
    }
  }
  const double largest = std::numeric_limits<float>::max();
  CHECK(to_finite(&largest, 1, to) == -1);
}
