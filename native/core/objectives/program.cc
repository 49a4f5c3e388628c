#include "core/objectives/program.h"

#include <c10/util/SmallVector.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <sstream>

#include "core/error.h"
#include "core/table.h"

namespace sparring {
namespace {

using at::Tensor;

}  // namespace

// A function of one value: of tensors, and of a number with its derivative.
struct Program::Unary {
  Tensor (*of)(const Tensor&);
  Term (*term)(double);
};

struct Program::Binary {
  Tensor (*of)(const Tensor&, const Tensor&);
  Term (*term)(const Term&, const Term&);
};

namespace {

// From there on libtorch's softplus is its argument.
constexpr double kLinear = 20;

double sign(double x) { return static_cast<double>(x > 0) - static_cast<double>(x < 0); }
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

const std::map<std::string, Program::Unary> unary = {
    {"abs", {at::abs, [](double x) { return Term{std::abs(x), sign(x)}; }}},
    {"exp", {at::exp, [](double x) { return Term{std::exp(x), std::exp(x)}; }}},
    {"log", {at::log, [](double x) { return Term{std::log(x), 1 / x}; }}},
    {"mean", {[](const Tensor& x) { return x.mean(); }, nullptr}},
    {"negate", {at::neg, [](double x) { return Term{-x, -1}; }}},
    {"relu", {at::relu, [](double x) { return x <= 0 ? Term{0, 0} : Term{x, 1}; }}},
    {"sigmoid",
     {at::sigmoid, [](double x) { return Term{sigmoid(x), sigmoid(x) * (1 - sigmoid(x))}; }}},
    {"softplus",
     {[](const Tensor& x) { return at::softplus(x); },
      [](double x) {
        return x > kLinear ? Term{x, 1} : Term{std::log1p(std::exp(x)), sigmoid(x)};
      }}},
    {"sqrt", {at::sqrt, [](double x) { return Term{std::sqrt(x), 0.5 / std::sqrt(x)}; }}},
    {"square", {at::square, [](double x) { return Term{x * x, 2 * x}; }}},
    {"tanh",
     {at::tanh, [](double x) { return Term{std::tanh(x), 1 - std::tanh(x) * std::tanh(x)}; }}},
};

// NaN, which comparisons let pass, stays NaN.
double larger(double x, double y) { return std::isnan(x) || x > y ? x : y; }
double smaller(double x, double y) { return std::isnan(x) || x < y ? x : y; }

// Where two are as large, each has half of the derivative.
double share(double own, double other) { return own < other ? 0 : own == other ? 0.5 : 1; }

Term power(const Term& x, const Term& y) {
  const double value = std::pow(x.value, y.value);
  // A part that nothing depends on is 0, whatever it is multiplied with.
  const double of_x = x.slope == 0 || y.value == 0 ? 0 : y.value * std::pow(x.value, y.value - 1);
  const double of_y =
      y.slope == 0 || (x.value == 0 && y.value >= 0) ? 0 : value * std::log(x.value);
  return {value, of_x * x.slope + of_y * y.slope};
}

const std::map<std::string, Program::Binary> binary = {
    {"add",
     {[](const Tensor& x, const Tensor& y) { return x + y; },
      [](const Term& x, const Term& y) { return Term{x.value + y.value, x.slope + y.slope}; }}},
    {"subtract",
     {[](const Tensor& x, const Tensor& y) { return x - y; },
      [](const Term& x, const Term& y) { return Term{x.value - y.value, x.slope - y.slope}; }}},
    {"multiply",
     {[](const Tensor& x, const Tensor& y) { return x * y; },
      [](const Term& x, const Term& y) {
        return Term{x.value * y.value, x.slope * y.value + x.value * y.slope};
      }}},
    {"divide",
     {[](const Tensor& x, const Tensor& y) { return x / y; },
      [](const Term& x, const Term& y) {
        const double value = x.value / y.value;
        return Term{value, (x.slope - value * y.slope) / y.value};
      }}},
    {"max",
     {at::maximum,
      [](const Term& x, const Term& y) {
        return Term{larger(x.value, y.value),
                    share(x.value, y.value) * x.slope + share(y.value, x.value) * y.slope};
      }}},
    {"min",
     {at::minimum,
      [](const Term& x, const Term& y) {
        return Term{smaller(x.value, y.value),
                    share(y.value, x.value) * x.slope + share(x.value, y.value) * y.slope};
      }}},
    {"pow", {[](const Tensor& x, const Tensor& y) { return at::pow(x, y); }, power}},
};

// As a Python number is: the scores beside it keep their precision, and stay where they are.
Tensor wrapped(double value) {
  Tensor number = c10::scalar_to_tensor(value);
  number.unsafeGetTensorImpl()->set_wrapped_number(true);
  return number;
}

Tensor apply(const Program::Unary& function, const Tensor& x) { return function.of(x); }
Tensor apply(const Program::Binary& function, const Tensor& x, const Tensor& y) {
  return function.of(x, y);
}
Term apply(const Program::Unary& function, const Term& x) {
  const Term made = function.term(x.value);
  return {made.value, x.slope == 0 ? 0 : made.slope * x.slope};
}
Term apply(const Program::Binary& function, const Term& x, const Term& y) {
  return function.term(x, y);
}

}  // namespace

Program::Program(const std::string& text) {
  std::istringstream words(text);
  int64_t values = 0;  // on the stack
  bool has_all = true;
  for (std::string word; words >> word;) {
    steps_.push_back(step_of(word));
    has_mean_ = has_mean_ || word == "mean";
    const Step::Kind kind = steps_.back().kind;
    const int64_t taken = kind == Step::kBinary ? 2 : kind == Step::kUnary ? 1 : 0;
    has_all = has_all && values >= taken;
    values += 1 - taken;
  }
  if (!text.empty() && (values != 1 || !has_all)) {
    throw Error("ERR_NATIVE", "Expected a program but received \"" + text + "\"");
  }
}

Program::Step Program::step_of(const std::string& word) {
  if (word == "real") return {Step::kReal};
  if (word == "fake") return {Step::kFake};
  double number = 0;
  // Whatever the locale is.
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error == std::errc() && end == word.data() + word.size()) return {Step::kNumber, number};
  const auto one = unary.find(word);
  if (one != unary.end()) return {Step::kUnary, 0, &one->second};
  return {Step::kBinary, 0, nullptr, &row(binary, word, "function")};
}

bool Program::has(Step::Kind kind) const {
  return std::any_of(steps_.begin(), steps_.end(),
                     [kind](const Step& step) { return step.kind == kind; });
}

template <class Value, class Make>
Value Program::run(const Make& value) const {
  c10::SmallVector<Value, 8> stack;
  for (const Step& step : steps_) {
    if (step.kind == Step::kUnary) {
      stack.back() = apply(*step.unary, stack.back());
    } else if (step.kind == Step::kBinary) {
      const Value right = stack.pop_back_val();
      stack.back() = apply(*step.binary, stack.back(), right);
    } else {
      stack.push_back(value(step));
    }
  }
  return stack.back();
}

Tensor Program::of(const Tensor& real, const Tensor& fake) const {
  return run<Tensor>([&](const Step& step) {
    return step.kind == Step::kNumber ? wrapped(step.number)
           : step.kind == Step::kReal ? real
                                      : fake;
  });
}

Term Program::of(double score) const {
  return run<Term>([score](const Step& step) {
    return step.kind == Step::kNumber ? Term{step.number, 0} : Term{score, 1};
  });
}

}  // namespace sparring
