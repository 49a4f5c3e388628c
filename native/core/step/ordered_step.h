// The order of things in a step: k updates of the discriminator and some of the generator, each
// from a batch that is worked on at once or in parts. It knows no formula.
#pragma once

#include <functional>
#include <vector>

#include "core/step/gradients.h"
#include "core/step/pass_streams.h"
#include "core/step/step.h"

namespace sparring {

class OrderedStep : public Step {
 public:
  Losses run(const Source& next, Watch* watch) override;

  // Which penalties the updates of the next step have: steps of equal patterns do equal work.
  std::vector<bool> pattern() const;
  int64_t discriminator_updates() const override { return discriminator_updates_; }
  void set_discriminator_updates(int64_t count) override { discriminator_updates_ = count; }

 protected:
  // Samples of the generator and what they were made from.
  struct Fakes {
    at::Tensor images;
    LatentBatch latent;
    // What mappings made on the way; none where nobody goes back to it.
    std::vector<at::Tensor> styles = {};
  };

  explicit OrderedStep(std::shared_ptr<const Pair> pair);
  const Pair& pair() const { return *pair_; }
  // Null but in a step that is looked at.
  Watch* watch() const { return watch_; }
  // Penalties of this update of the discriminator.
  std::vector<const Penalty*> due_penalties() const;
  // That of the generator's next update; null where there is none.
  const PathLength* due_path_length() const;

  // The rows that are worked on at once, and what they draw from.
  Rows rows(const at::Device& device) const;
  LatentBatch draw_latent(int64_t count) const;
  // Where layers of the present pass draw.
  RandomStream* pass_stream();
  // A pass that one execution saves leaves the numbers of those after it as they are in the other.
  void skip_pass();

  // Where samples of the whole batch meet in the loss, all parts are looked at before the first of
  // them is worked on: then only scores are asked for, without a graph, and no gradients.
  bool is_survey() const { return is_survey_; }
  void note(const Scores& scores) { surveyed_.push_back(scores); }
  // What each row counts in a sum over all ranks: where the batch is everybody's, a part.
  double own_weight() const;
  // The scores that the objective looks at: of the whole batch where samples meet in it.
  Scores met(const Scores& own) const;

  // Takes down what the objective's state goes on from after this update of the discriminator.
  void observe(const Scores& scores);
  // And what the path length's does after this one of the generator.
  void observe(const at::Tensor& lengths);

  // Whom to tell of gradients that will not change any more, in this update: ranks sum them while
  // the rest of the backward pass goes on. Empty where there is nothing to gain.
  const Ready& ready() const { return parts_ == 1 ? ready_ : nobody_; }

  // In the generator's update, the last if there are more: the discriminator's that comes next is
  // on the same fakes, and may go on from what it says of them now.
  bool looks_once() const { return looks_once_; }

  // Makes fakes for an update of the generator, or only to look at. Those of the last call may be
  // in a buffer that the next one writes to.
  virtual Fakes generate(int64_t count, bool for_update) = 0;
  // Gradients and loss of the mean over these rows; nothing in a survey.
  virtual Gradients generator_gradients(const Fakes& fakes, const Batch& reals) = 0;
  virtual Gradients discriminator_gradients(const Batch& reals, const Fakes& fakes) = 0;
  virtual void apply(Optimizer& optimizer, std::vector<at::Tensor> gradients) = 0;

 private:
  // What there is to do with each part of a batch, by its place among them.
  using Work = std::function<Gradients(const Batch& part, size_t place)>;
  // Gives the fakes of a part.
  using Make = std::function<Fakes(int64_t rows, size_t place)>;

  Losses run_generator_first(const Source& next);
  Losses run_discriminator_first(const Source& next);
  // An update whose gradients are found; those of other ranks may be on their way.
  struct Update {
    Optimizer& optimizer;
    Gradients found;
    Sharing::Launched launched;  // null where there are no other ranks
    at::Tensor length;           // mean of the batch's paths; undefined where nobody looks
  };
  // Fakes of noise of their own.
  Make make(bool for_update);
  // Where `kept` is not null it gets the fakes, without their graph where there are parts.
  Update begin_generator(const Batch& reals, const Make& make, std::vector<Fakes>* kept);
  Update begin_discriminator(const Batch& reals, const Make& make);
  Update begin(Optimizer& optimizer, const Batch& batch, const Work& work);
  // Each gives the loss before the update, of the whole batch.
  Loss end(Update update);
  Loss end_generator(Update update);
  // Another one of the generator's follows.
  Loss end_and_go_on(Update update);
  Loss end_discriminator(Update update);
  Gradients work_in_parts(const Batch& batch, const Share& own, const Work& work);
  void survey(const Batch& batch, const Share& own, const Work& work);
  // Does something with each part of a batch, which draws what the others drew.
  void each_part(const Batch& batch, const Share& own,
                 const std::function<void(const Batch& part, size_t place)>& work);
  at::Tensor met(const at::Tensor& own, at::Tensor Scores::* which) const;
  // The rank's.
  Share own_share(const Batch& batch) const;
  // Layers draw from the stream that all else draws from: there is no other part, and no rank.
  bool draws_from_common() const { return !pair_->sharing && parts_ == 1; }
  // Other ranks have other rows.
  bool is_divided() const { return pair_->sharing && !pair_->sharing->share().is_whole(); }
  void clip_weights() const;
  // The running means of styles are those of all ranks.
  void share_styles() const;
  // The objective goes on to the next update.
  void move_objective();
  // Adds what was seen of a part to the mean over the rank's rows.
  void add_seen(at::Tensor& mean, const at::Tensor& seen) const;
  // From the mean over the rank's rows to that over all.
  at::Tensor over_ranks(const at::Tensor& mean) const;

  std::shared_ptr<const Pair> pair_;
  bool looks_once_;
  int64_t discriminator_updates_ = 0;
  Watch* watch_ = nullptr;
  // Of the batch, what is worked on at once; and all reals that this rank has of it, if that is
  // more.
  Share share_{0, 0, 0, 1};
  at::Tensor reals_;
  int64_t parts_ = 1;
  PassStreams pass_streams_;
  Ready ready_;
  const Ready nobody_;
  at::Tensor observed_;  // by the objective, of the parts so far; undefined for most
  at::Tensor length_;    // of paths, likewise
  bool is_survey_ = false;
  std::vector<Scores> surveyed_;  // of each part; none where samples do not meet
};

}  // namespace sparring
