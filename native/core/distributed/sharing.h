// One training by all ranks of a group: each works on its rows of every batch, gradients become
// those of the whole batch, and so everybody does the same updates.
#pragma once

#include <memory>
#include <vector>

#include "core/distributed/group.h"
#include "core/distributed/share.h"
#include "core/distributed/together.h"

namespace sparring {

class Sharing {
 public:
  // `fewest`: rows that a rank needs of a batch to train on its own: 2 under batch normalisation,
  // unless ranks normalise together.
  Sharing(std::shared_ptr<Group> group, int64_t fewest, bool normalizes_together = false)
      : group_(std::move(group)),
        fewest_(fewest),
        normalizes_together_(normalizes_together && group_->size() > 1) {}

  Group& group() const { return *group_; }
  // From here on the updates are on a batch of so many rows over all ranks.
  void divide(int64_t total);
  // What this rank has of such a batch.
  Share share_of(int64_t total) const;
  const Share& share() const { return share_; }
  // Batch normalisation is that of the whole batch.
  bool normalizes_together() const { return normalizes_together_; }
  // For the passes of the present batch; null where each rank normalises its own rows.
  TogetherPtr together() const;

  // From this rank's loss, a mean over its rows, and its gradients to those of the whole batch, in
  // place; undefined gradients have to be the same ones on every rank. Gives the loss.
  at::Tensor combine(std::vector<at::Tensor>& gradients, const at::Tensor& loss);

  // [rows, ...] of each rank as [total, ...]: own rows keep their graph, with a gradient that
  // combine() makes one of the whole batch. For losses in which samples meet.
  at::Tensor whole(const at::Tensor& own) const;

  // Everybody stops at the end of the step in which somebody wants to.
  void want_stop(bool wanted) { wants_stop_ = wanted; }
  bool stopped() const;

 private:
  // Gradients of some update as one flat tensor, which stays, in buckets that are summed one after
  // the other; behind them the loss and the wish to stop.
  struct Flat {
    at::Tensor all;
    std::vector<at::Tensor> views;    // into `all`, strided as the gradients
    std::vector<at::Tensor> buckets;  // into `all`
    std::vector<size_t> ends;         // of buckets, in views
  };
  Flat& flat_for(const std::vector<at::Tensor>& gradients, const at::Tensor& loss);
  static Flat make_flat(const std::vector<at::Tensor>& gradients, const at::Tensor& loss);

  std::shared_ptr<Group> group_;
  int64_t fewest_;
  bool normalizes_together_;
  Share share_{0, 0, 0, 1};
  std::vector<Flat> flats_;
  at::Tensor last_wish_;
  bool wants_stop_ = false;
};

}  // namespace sparring
