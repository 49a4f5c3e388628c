#include "core/objectives/program.h"

#include <cmath>
#include <string>

#include "core/error.h"
#include "core/test/check.h"  // last: see there

using namespace sparring;

namespace {

// Every function, of scores and of numbers that have no derivative.
const char* const programs[] = {
    "fake abs",
    "fake exp",
    "fake log",
    "fake negate",
    "fake relu",
    "fake sigmoid",
    "fake softplus",
    "fake sqrt",
    "fake square",
    "fake tanh",
    "fake relu sqrt",
    "fake relu log",
    "0 sqrt fake add",
    "fake fake multiply",
    "fake 3 divide",
    "1 fake divide",
    "fake exp fake 2 add divide",
    "fake 0.5 max",
    "0.5 fake max",
    "fake 0.5 min",
    "0.5 fake min",
    "fake fake square max",
    "fake fake square min",
    "fake 2 pow",
    "fake 0 pow",
    "fake 1 pow",
    "fake 0.5 pow",
    "fake -1 pow",
    "2 fake pow",
    "0 fake pow",
    "-2 fake pow",
    "fake square fake pow",
};

// Where functions change, run over, or are not defined.
const double scores[] = {-800, -25, -1, -0.3, 0, 0.2, 0.5, 1, 2, 20, 20.5, 800, std::nan("")};

// libtorch rounds the logarithm of a number, as 2 is here, to float32.
bool equal(double one, double other) {
  if (std::isnan(one) || std::isnan(other)) return std::isnan(one) && std::isnan(other);
  return one == other || one == doctest::Approx(other).epsilon(1e-8);
}

}  // namespace

TEST_CASE("a program of one score has autograd's values and derivatives, wherever the score is") {
  for (const char* const text : programs) {
    for (const double score : scores) {
      CAPTURE(text);
      CAPTURE(score);
      const Program program(text);
      const at::Tensor fake = at::full({16, 1}, score, at::kDouble).requires_grad_();
      const at::Tensor loss = program.of({}, fake);
      const at::Tensor slopes = torch::autograd::grad({loss.sum()}, {fake})[0];
      const Term term = program.of(score);
      CAPTURE(term.value);
      CAPTURE(term.slope);
      CHECK(equal(term.value, loss[0].item<double>()));
      const double slope = slopes[0].item<double>();
      CAPTURE(slope);
      // What becomes of NaN is NaN; whichever way back that has says nothing.
      if (!std::isnan(score)) CHECK(equal(term.slope, slope));
    }
  }
}

TEST_CASE("numbers of a program leave scores, and means of them, in their precision") {
  for (const char* const text : {"fake 2 multiply", "fake mean 2 multiply", "2 fake mean pow"}) {
    CAPTURE(text);
    const at::Tensor fake = at::ones({3, 1}, at::kFloat);
    CHECK(Program(text).of({}, fake).dtype() == fake.dtype());
  }
}

TEST_CASE("a program knows what it looks at") {
  CHECK(Program().is_empty());
  CHECK(Program("").is_empty());
  CHECK_FALSE(Program("1").is_empty());
  CHECK(Program("fake real add").has_real());
  CHECK_FALSE(Program("fake").has_real());
  CHECK(Program("fake mean negate").has_mean());
  CHECK_FALSE(Program("fake negate").has_mean());
}

TEST_CASE("what is no program is refused") {
  for (const char* const text :
       {"add", "fake add", "negate", "fake fake", " ", "fake add fake", "add fake fake fake"}) {
    CAPTURE(text);
    const std::string sentence = std::string("Expected a program but received \"") + text + '"';
    CHECK_THROWS_WITH_AS(Program{text}, sentence.c_str(), Error);
  }
  CHECK_THROWS_AS(Program{"fake 1x add"}, Error);
  CHECK_THROWS_AS(Program{"fake sin"}, Error);
}
