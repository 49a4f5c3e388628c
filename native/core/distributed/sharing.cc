#include "core/distributed/sharing.h"

#include <algorithm>

namespace sparring {
namespace {

// Large enough that its start costs nothing beside it, small enough that the next one is filled
// meanwhile.
constexpr int64_t kBucketBytes = int64_t{8} << 20;
// Two players, with and without a lazy penalty's layers.
constexpr size_t kMostFlats = 4;

bool alike(const at::Tensor& a, const at::Tensor& b) {
  return a.sizes() == b.sizes() && a.strides() == b.strides();
}

// Of gradients that fill their memory the strides stay: the optimizer wants the parameter's.
at::Tensor view_like(const at::Tensor& flat, const at::Tensor& like) {
  return like.is_non_overlapping_and_dense() ? flat.as_strided(like.sizes(), like.strides())
                                             : flat.view(like.sizes());
}

}  // namespace

void Sharing::divide(int64_t total) { share_ = share_of(total); }

Share Sharing::share_of(int64_t total) const {
  return sparring::share_of(total, group_->rank(), group_->size(), fewest_);
}

TogetherPtr Sharing::together() const {
  return normalizes_together_ ? c10::make_intrusive<Together>(group_, share_) : TogetherPtr();
}

at::Tensor Sharing::combine(std::vector<at::Tensor>& gradients, const at::Tensor& loss) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> defined;
  for (const at::Tensor& one : gradients) {
    if (one.defined()) defined.push_back(one);
  }
  Flat& flat = flat_for(defined, loss);
  const int64_t told = flat.all.numel() - 2;
  flat.all[told].copy_(loss);
  flat.all[told + 1].fill_(wants_stop_ ? 1 : 0);
  size_t filled = 0;
  for (size_t i = 0; i < flat.buckets.size(); ++i) {
    for (; filled < flat.ends[i]; ++filled) flat.views[filled].copy_(defined[filled]);
    // Not the wish: any is enough.
    const bool last = i + 1 == flat.buckets.size();
    (last ? flat.buckets[i].narrow(0, 0, flat.buckets[i].numel() - 1) : flat.buckets[i])
        .mul_(share_.weight);
    if (i > 0) group_->end();
    group_->begin_sum(flat.buckets[i]);
  }
  group_->end();
  size_t next = 0;
  for (at::Tensor& one : gradients) {
    if (one.defined()) one = flat.views[next++];
  }
  last_wish_ = flat.all[told + 1];
  return flat.all[told].clone();
}

Sharing::Flat& Sharing::flat_for(const std::vector<at::Tensor>& gradients, const at::Tensor& loss) {
  for (Flat& flat : flats_) {
    if (std::equal(flat.views.begin(), flat.views.end(), gradients.begin(), gradients.end(),
                   alike)) {
      return flat;
    }
  }
  if (flats_.size() == kMostFlats) flats_.clear();
  return flats_.emplace_back(make_flat(gradients, loss));
}

Sharing::Flat Sharing::make_flat(const std::vector<at::Tensor>& gradients, const at::Tensor& loss) {
  Flat flat;
  int64_t values = 2;
  for (const at::Tensor& one : gradients) values += one.numel();
  flat.all = at::empty({values}, gradients.empty() ? loss.options() : gradients[0].options());
  int64_t at = 0, start = 0;
  const auto close = [&](int64_t end) {
    flat.ends.push_back(flat.views.size());
    flat.buckets.push_back(flat.all.narrow(0, start, end - start));
    start = end;
  };
  for (const at::Tensor& one : gradients) {
    flat.views.push_back(view_like(flat.all.narrow(0, at, one.numel()), one));
    at += one.numel();
    if ((at - start) * flat.all.element_size() >= kBucketBytes) close(at);
  }
  close(values);
  return flat;
}

at::Tensor Sharing::whole(const at::Tensor& own) const {
  if (share_.is_whole()) return own;
  at::Tensor all;
  {
    const at::NoGradGuard no_grad;
    std::vector<int64_t> sizes = own.sizes().vec();
    sizes[0] = share_.total;
    all = at::zeros(sizes, own.options().requires_grad(false));
    all.narrow(0, share_.start, share_.rows).copy_(own);
    group_->sum(all);
  }
  if (!own.requires_grad()) return all;
  // combine() weighs what is a mean over the rank's rows; the loss of this one is not.
  return with_own(all, own, share_.start, share_.weight);
}

bool Sharing::stopped() const {
  group_->settle();
  return last_wish_.defined() && last_wish_.item<double>() > 0;
}

}  // namespace sparring
