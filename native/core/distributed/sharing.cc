#include "core/distributed/sharing.h"

#include <algorithm>
#include <utility>

namespace sparring {
namespace {

// Large enough that its start costs nothing beside it, small enough that the backward pass has more
// to do once the first is full.
constexpr int64_t kBucketBytes = int64_t{8} << 20;

// One for each of the two players; one more would be of parameters that changed their memory.
constexpr size_t kMostFlats = 2;

// How many numbers are summed beside gradients, for whoever asked for the update.
constexpr int64_t kFigures = 2;

at::Tensor figures_of(const at::Tensor& all) {
  return all.narrow(0, all.numel() - 1 - kFigures, kFigures);
}

bool alike(const at::Tensor& a, const at::Tensor& b) {
  return a.sizes() == b.sizes() && a.strides() == b.strides();
}

// Keeps the strides of parameters that fill their memory: the optimizer wants them.
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

void Sharing::expect(const std::vector<at::Tensor>& parameters) {
  // What an update that failed left under way goes on writing there.
  if (flat_ != nullptr) flats_.clear();
  flat_ = flat_for(parameters);
  flat_->is_there.assign(flat_->views.size(), false);
  for (Flat::Bucket& bucket : flat_->buckets) bucket.missing = bucket.parameters;
  flat_->begun = 0;
}

void Sharing::ready(size_t place, const at::Tensor& gradient) {
  const at::NoGradGuard no_grad;
  Flat& flat = *flat_;
  if (flat.is_there[place]) return;
  if (gradient.defined()) {
    at::Tensor view = flat.views[place];
    at::mul_out(view, gradient, at::scalar_tensor(share_.weight, at::kDouble));
  } else {
    flat.views[place].zero_();
  }
  flat.is_there[place] = true;
  flat.buckets[flat.bucket_of[place]].missing -= 1;
  begin_buckets(flat, flat.buckets.size() - 1);
}

size_t Sharing::begun() const { return flat_ == nullptr ? 0 : flat_->begun; }

void Sharing::begin_buckets(Flat& flat, size_t end) {
  for (; flat.begun < end && flat.buckets[flat.begun].missing == 0; ++flat.begun) {
    Flat::Bucket& bucket = flat.buckets[flat.begun];
    if (bucket.rounded.defined()) bucket.rounded.copy_(bucket.values);
    bucket.sum = group_->begin_sum(bucket.rounded.defined() ? bucket.rounded : bucket.values);
  }
}

Sharing::Launched Sharing::launch(std::vector<at::Tensor>& gradients, const at::Tensor& figures) {
  const at::NoGradGuard no_grad;
  Flat& flat = *flat_;
  for (size_t place = gradients.size(); place-- > 0;) {
    ready(place, gradients[place]);
    if (gradients[place].defined()) gradients[place] = flat.views[place];
  }
  figures_of(flat.all).copy_(figures).mul_(share_.weight);
  // Not a share of it: any wish is enough.
  flat.all[-1].fill_(wants_stop_ ? 1 : 0);
  flat.is_under_way = true;
  begin_buckets(flat, flat.buckets.size());
  return std::exchange(flat_, nullptr);
}

at::Tensor Sharing::collect(const Launched& launched) {
  const at::NoGradGuard no_grad;
  for (const Flat::Bucket& bucket : launched->buckets) {
    group_->end(bucket.sum);
    if (bucket.rounded.defined()) bucket.values.copy_(bucket.rounded);
  }
  launched->is_under_way = false;
  last_wish_ = launched->all[-1];
  return figures_of(launched->all).clone();
}

Sharing::Launched Sharing::flat_for(const std::vector<at::Tensor>& parameters) {
  for (const Launched& flat : flats_) {
    // The two players may have parameters alike.
    if (!flat->is_under_way && std::equal(flat->views.begin(), flat->views.end(),
                                          parameters.begin(), parameters.end(), alike)) {
      return flat;
    }
  }
  if (flats_.size() == kMostFlats) flats_.clear();
  return flats_.emplace_back(make_flat(parameters));
}

Sharing::Launched Sharing::make_flat(const std::vector<at::Tensor>& parameters) const {
  const auto made = std::make_shared<Flat>();
  Flat& flat = *made;
  int64_t values = kFigures + 1;
  for (const at::Tensor& one : parameters) values += one.numel();
  const auto options =
      parameters.empty() ? at::TensorOptions(at::kDouble) : parameters[0].options();
  flat.all = at::empty({values}, options.requires_grad(false));
  flat.views.resize(parameters.size());
  flat.bucket_of.resize(parameters.size());
  int64_t at = 0, start = 0;
  size_t parameters_in_it = 0;
  const auto close = [&](int64_t end, bool rounds) {
    const at::Tensor values = flat.all.narrow(0, start, end - start);
    flat.buckets.push_back(
        {values, rounds ? at::empty_like(values, at::kBFloat16) : at::Tensor(), parameters_in_it});
    start = end;
    parameters_in_it = 0;
  };
  for (size_t place = parameters.size(); place-- > 0;) {
    const at::Tensor& one = parameters[place];
    flat.views[place] = view_like(flat.all.narrow(0, at, one.numel()), one);
    flat.bucket_of[place] = flat.buckets.size();
    ++parameters_in_it;
    at += one.numel();
    if ((at - start) * flat.all.element_size() >= kBucketBytes) close(at, rounds_);
  }
  // Figures are as exact as ever.
  if (rounds_ && at > start) close(at, true);
  close(values, false);
  return made;
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
  // launch() weighs what is a mean over the rank's rows; the loss of this one is not.
  return with_own(all, own, share_.start, share_.weight);
}

at::Tensor Sharing::mean(const at::Tensor& own) const {
  const at::NoGradGuard no_grad;
  const at::Tensor sum = own * share_.weight;
  group_->sum(sum);
  return sum;
}

bool Sharing::stopped() const {
  group_->settle();
  return last_wish_.defined() && last_wish_.item<double>() > 0;
}

}  // namespace sparring
