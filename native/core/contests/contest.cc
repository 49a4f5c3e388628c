#include "core/contests/contest.h"

#include <chrono>
#include <iterator>

namespace sparring {
namespace {

using Values = Contest::Values;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Of one call, over as many as the time takes.
double turn(const Contest::Call& call, const Values& values, double least) {
  const auto start = std::chrono::steady_clock::now();
  int64_t calls = 0;
  double taken = 0;
  do {
    call(values);
    ++calls;
    taken = seconds_since(start);
  } while (taken < least);
  return taken / static_cast<double>(calls);
}

double squares(const Values& values) {
  double sum = 0;
  for (const at::Tensor& one : values) sum += one.to(at::kDouble).square().sum().item<double>();
  return sum;
}

double error(const Values& made, const Values& truth) {
  Values differences;
  for (size_t i = 0; i < made.size(); ++i) {
    differences.push_back(made[i].to(at::kDouble) - truth[i]);
  }
  return std::sqrt(squares(differences) / squares(truth));
}

}  // namespace

Outcome hold(const Contest& contest, int64_t turns, double seconds) {
  const at::NoGradGuard no_grad;
  const Values values = contest.draw();
  Values exact;
  for (const at::Tensor& one : values) exact.push_back(one.to(at::kDouble));
  const Values truth = contest.theirs(exact);
  // The first call of either compiles kernels for its sizes.
  Outcome outcome{{}, {}, error(contest.ours(values), truth), error(contest.theirs(values), truth)};
  for (int64_t i = 0; i < turns; ++i) {
    outcome.ours.push_back(turn(contest.ours, values, seconds));
    outcome.theirs.push_back(turn(contest.theirs, values, seconds));
  }
  return outcome;
}

std::vector<Contest> contests(int64_t batch) {
  std::vector<Contest> all;
  for (const auto& group :
       {product_contests, convolution_contests, second_derivative_contests, bfloat16_contests}) {
    std::vector<Contest> some = group(batch);
    std::move(some.begin(), some.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace sparring
