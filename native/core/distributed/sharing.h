// One training by all ranks of a group: each works on its rows of every batch, gradients become
// those of the whole batch, and so everybody does the same updates.
#pragma once

#include <memory>
#include <vector>

#include "core/distributed/group.h"
#include "core/distributed/together.h"
#include "core/rows.h"

namespace sparring {

class Sharing {
 public:
  // `fewest`: rows that a rank needs of a batch to train on its own: 2 under batch normalisation,
  // unless ranks normalise together.
  // `rounds`: gradients travel as bfloat16, half as many bytes.
  Sharing(std::shared_ptr<Group> group, int64_t fewest, bool normalizes_together = false,
          bool rounds = false)
      : group_(std::move(group)),
        fewest_(fewest),
        normalizes_together_(normalizes_together && group_->size() > 1),
        rounds_(rounds && group_->size() > 1) {}

  Group& group() const { return *group_; }
  // From here on the updates are on a batch of so many rows over all ranks.
  void divide(int64_t total);
  // What this rank has of such a batch.
  Share share_of(int64_t total) const;
  const Share& share() const { return share_; }
  // Batch normalisation is that of the whole batch.
  bool normalizes_together() const { return normalizes_together_; }
  // Who normalises the present batch together; null where each rank normalises its own rows.
  TogetherPtr together() const;

  // Begins an update of these parameters.
  void expect(const std::vector<at::Tensor>& parameters);
  // This rank's gradient for one of them, by its place, is what it will be. A bucket of gradients
  // is summed as soon as all of it, and of those before it, is there: meanwhile the backward pass
  // goes on.
  void ready(size_t place, const at::Tensor& gradient);
  // How many buckets of this update are on their way.
  size_t begun() const;
  // An update whose sums are on their way.
  struct Flat;
  using Launched = std::shared_ptr<Flat>;
  // Begins to sum two figures of this rank, [2], means over its rows, and its gradients with those
  // of the others; undefined gradients have to be the same ones on every rank. The tensors in the
  // list become those that the sums come to. Another update may begin meanwhile.
  Launched launch(std::vector<at::Tensor>& gradients, const at::Tensor& figures);
  // Waits until they are gradients of the whole batch. Gives the figures of it, [2].
  at::Tensor collect(const Launched& launched);

  // [rows, ...] of each rank as [total, ...]: own rows keep their graph, with a gradient that
  // launch() makes one of the whole batch. For losses in which samples meet.
  at::Tensor whole(const at::Tensor& own) const;

  // Of what each rank has of its rows the mean over all, weighed as its rows are.
  at::Tensor mean(const at::Tensor& own) const;

  // Everybody stops at the end of the step in which somebody wants to.
  void want_stop(bool wanted) { wants_stop_ = wanted; }
  bool stopped() const;

 private:
  Launched flat_for(const std::vector<at::Tensor>& parameters);
  Launched make_flat(const std::vector<at::Tensor>& parameters) const;
  // Begins what can begin: the last bucket waits for the loss.
  void begin_buckets(Flat& flat, size_t end);

  std::shared_ptr<Group> group_;
  int64_t fewest_;
  bool normalizes_together_;
  bool rounds_;
  Share share_{0, 0, 0, 1};
  std::vector<Launched> flats_;
  Launched flat_;  // of the present update, until it is launched
  at::Tensor last_wish_;
  bool wants_stop_ = false;
};

// Gradients of a player's update in one flat tensor, which stays: the last layers' first, as a
// backward pass comes to them; behind them two figures and the wish to stop.
struct Sharing::Flat {
  struct Bucket {
    at::Tensor values;      // into `all`
    at::Tensor rounded;     // what travels in their place; undefined where they do themselves
    size_t parameters = 0;  // how many have their gradients in it
    size_t missing = 0;     // of these, in this update
    Group::Begun sum = 0;   // once none is
  };
  at::Tensor all;
  std::vector<at::Tensor> views;  // into `all`, strided as the parameters, by their places
  std::vector<size_t> bucket_of;  // by their places
  std::vector<bool> is_there;     // of this update, by their places
  std::vector<Bucket> buckets;
  size_t begun = 0;           // buckets whose sums have
  bool is_under_way = false;  // launched, and not collected
};

}  // namespace sparring
