// What all ranks of a group do together.
#include "core/distributed/group.h"

#include "core/test/check.h"  // last: see there
#include "core/test/ranks.h"

using namespace sparring;
using namespace sparring::test;

namespace {

// Of three ranks, none of which failed.
const std::vector<std::string> kAllFine(3);

}  // namespace

TEST_CASE("ranks sum, broadcast and gather") {
  const auto errors = as_ranks(3, [](const std::shared_ptr<Group>& group) {
    const double rank = static_cast<double>(group->rank());
    const at::Tensor sum = at::full({5}, rank + 1), first = at::full({2}, rank + 7);
    group->sum(sum);
    group->broadcast(first);
    const auto all = group->gather(at::full({1}, rank));
    const auto texts = group->gather("I am " + std::string(group->rank() + 1, '0'));
    if (!at::equal(sum, at::full({5}, 6.0)) || !at::equal(first, at::full({2}, 7.0)) ||
        all[2].item<double>() != 2 || texts[1] != "I am 00" || texts[2] != "I am 000") {
      throw std::runtime_error("wrong");
    }
  });
  CHECK(errors == kAllFine);
}

TEST_CASE("ranks add up what is small in their order, and sum what is just small or large") {
  const auto errors = as_ranks(3, [](const std::shared_ptr<Group>& group) {
    const auto rank = static_cast<size_t>(group->rank());
    // In another order 1 would be lost.
    const at::Tensor ordered = at::full({300}, std::vector<double>{1e8, -1e8, 1}[rank], at::kFloat);
    // 64 KiB of the two others, and four bytes less and more of each.
    std::vector<at::Tensor> sums;
    std::vector<Group::Begun> begun;
    for (const int64_t size : {8191, 8192, 8193}) {
      sums.push_back(at::arange(size, at::kFloat) + group->rank());
      begun.push_back(group->begin_sum(sums.back()));
    }
    group->sum(ordered);
    for (const Group::Begun one : begun) group->end(one);
    bool fine = at::equal(ordered, at::ones({300}));
    for (const at::Tensor& sum : sums) {
      fine = fine && at::equal(sum, at::arange(sum.numel(), at::kFloat) * 3 + 3);
    }
    if (!fine) throw std::runtime_error("wrong");
  });
  CHECK(errors == kAllFine);
}
