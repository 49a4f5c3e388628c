#include "core/step/ordered_step.h"

#include "core/nn/styled.h"
#include "core/step/one_look.h"

namespace sparring {

namespace {

// As long as it lives, both optimizers tell the norms of their gradients.
class Watching {
 public:
  Watching(const Pair& pair, Watch* watch) : pair_(pair) {
    pair.generator_optimizer->watch(watch ? &watch->generator_gradient : nullptr);
    pair.discriminator_optimizer->watch(watch ? &watch->discriminator_gradient : nullptr);
  }
  ~Watching() {
    pair_.generator_optimizer->watch(nullptr);
    pair_.discriminator_optimizer->watch(nullptr);
  }
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;

 private:
  const Pair& pair_;
};

// As long as it lives, frozen weights require no gradient, as in a script. Not for good: between
// two steps the networks are their owner's, and other trainers'.
class Resting {
 public:
  explicit Resting(const Pair& pair) : pair_(pair) { require(false); }
  ~Resting() { require(true); }
  Resting(const Resting&) = delete;
  Resting& operator=(const Resting&) = delete;

 private:
  void require(bool gradients) {
    for (const Optimizer* one :
         {pair_.generator_optimizer.get(), pair_.discriminator_optimizer.get()}) {
      for (const at::Tensor& parameter : one->frozen()) parameter.set_requires_grad(gradients);
    }
  }

  const Pair& pair_;
};

// Over the updates of a player. One is its own mean: a small network's step is short of operations.
class MeanLoss {
 public:
  void add(const Loss& loss) {
    add(sum_.value, loss.value);
    add(sum_.penalty, loss.penalty);
    count_ += 1;
  }
  Loss mean() const { return {mean(sum_.value), mean(sum_.penalty)}; }

 private:
  // An update without a penalty adds none to the others'.
  static void add(at::Tensor& sum, const at::Tensor& more) {
    if (more.defined()) sum = sum.defined() ? sum.to(at::kDouble) + more : more;
  }
  at::Tensor mean(const at::Tensor& sum) const {
    return count_ == 1 || !sum.defined() ? sum : sum / count_;
  }

  Loss sum_;
  int64_t count_ = 0;
};

// A loss and its penalty as ranks sum them: the same ones have one.
at::Tensor side_by_side(const Loss& loss) {
  const at::Tensor& value = loss.value;
  return at::stack({value, loss.penalty.defined() ? loss.penalty.to(value.scalar_type())
                                                  : at::zeros_like(value)});
}

Batch rows_of(const Batch& batch, int64_t start, int64_t rows) {
  return {batch.images.narrow(0, start, rows),
          batch.labels.defined() ? batch.labels.narrow(0, start, rows) : at::Tensor()};
}

}  // namespace

OrderedStep::OrderedStep(std::shared_ptr<const Pair> pair)
    : pair_(std::move(pair)),
      looks_once_(obstacle_to_one_look(*pair_).empty()),
      pass_streams_(pair_->sharing ? pair_->sharing->group().rank() : 0) {
  if (!pair_->sharing) return;
  ready_ = [sharing = pair_->sharing](size_t place, const at::Tensor& gradient) {
    sharing->ready(place, gradient);
  };
}

Losses OrderedStep::run(const Source& next, Watch* watch) {
  const Watching watching(*pair_, watch);
  const Resting resting(*pair_);
  watch_ = watch;
  pass_streams_.begin_step();
  return pair_->order == Order::kGeneratorFirst ? run_generator_first(next)
                                                : run_discriminator_first(next);
}

std::vector<bool> OrderedStep::pattern() const {
  std::vector<bool> due;
  for (int64_t i = 0; i < pair_->discriminator_steps; ++i) {
    for (const auto& penalty : pair_->penalties) {
      due.push_back(penalty->is_due(discriminator_updates_ + i));
    }
  }
  for (int64_t i = 0; pair_->path_length && i < pair_->generator_steps; ++i) {
    due.push_back(pair_->path_length->is_due(pair_->generator_optimizer->updates() + i));
  }
  return due;
}

Losses OrderedStep::run_generator_first(const Source& next) {
  const Batch reals = next();
  const Make fresh = make(/*for_update=*/false), for_update = make(/*for_update=*/true);
  MeanLoss of_generator, of_discriminator;
  for (int64_t i = 1; i < pair_->generator_steps; ++i) {
    of_generator.add(end_and_go_on(begin_generator(reals, for_update, /*kept=*/nullptr)));
  }
  // Those of the last update.
  std::vector<Fakes> fakes;
  const Make again = [&fakes](int64_t, size_t place) { return fakes[place]; };
  Update generator = begin_generator(reals, for_update, pair_->shares_fakes ? &fakes : nullptr);
  // A discriminator that does not look at the new generator gives the ranks time to sum.
  const bool overlaps = pair_->sharing && pair_->shares_fakes;
  if (!overlaps) of_generator.add(end_generator(std::move(generator)));
  Update discriminator = begin_discriminator(reals, pair_->shares_fakes ? again : fresh);
  if (overlaps) of_generator.add(end_generator(std::move(generator)));
  of_discriminator.add(end_discriminator(std::move(discriminator)));
  for (int64_t i = 1; i < pair_->discriminator_steps; ++i) {
    of_discriminator.add(end_discriminator(begin_discriminator(next(), fresh)));
  }
  return {of_generator.mean(), of_discriminator.mean()};
}

Losses OrderedStep::run_discriminator_first(const Source& next) {
  const Make fresh = make(/*for_update=*/false), for_update = make(/*for_update=*/true);
  MeanLoss of_generator, of_discriminator;
  // Those of the last update, with their graph: the generator does not change until its first.
  Fakes fakes;
  const Make keep = [this, &fakes](int64_t rows, size_t) {
    TORCH_INTERNAL_ASSERT(parts_ == 1, "fakes of parts would have to wait");
    fakes = generate(rows, /*for_update=*/true);
    return fakes;
  };
  const Make again = [&fakes](int64_t, size_t) { return fakes; };
  Batch reals;
  for (int64_t i = 0; i < pair_->discriminator_steps; ++i) {
    const bool keeps = pair_->shares_fakes && i + 1 == pair_->discriminator_steps;
    reals = next();
    of_discriminator.add(end_discriminator(begin_discriminator(reals, keeps ? keep : fresh)));
  }
  const int64_t last = pair_->generator_steps - 1;
  for (int64_t i = 0; i <= last; ++i) {
    const bool goes_on_from_them = pair_->shares_fakes && i == 0;
    Update update =
        begin_generator(reals, goes_on_from_them ? again : for_update, /*kept=*/nullptr);
    of_generator.add(i < last ? end_and_go_on(std::move(update))
                              : end_generator(std::move(update)));
  }
  return {of_generator.mean(), of_discriminator.mean()};
}

OrderedStep::Make OrderedStep::make(bool for_update) {
  return [this, for_update](int64_t rows, size_t) { return generate(rows, for_update); };
}

OrderedStep::Update OrderedStep::begin_generator(const Batch& reals, const Make& make,
                                                 std::vector<Fakes>* kept) {
  return begin(*pair_->generator_optimizer, reals, [&](const Batch& part, size_t place) {
    Fakes fakes = make(part.images.size(0), place);
    Gradients found = generator_gradients(fakes, part);
    if (kept == nullptr || is_survey_) return found;
    // Without the graph of this part, and out of the buffer that the next one is made in.
    if (parts_ > 1) fakes.images = fakes.images.detach().clone();
    kept->push_back(std::move(fakes));
    return found;
  });
}

OrderedStep::Update OrderedStep::begin_discriminator(const Batch& reals, const Make& make) {
  if (watch_ != nullptr) watch_->begin();
  return begin(*pair_->discriminator_optimizer, reals, [&](const Batch& part, size_t place) {
    const Fakes fakes = make(part.images.size(0), place);
    if (watch_ != nullptr && !is_survey_) watch_->add_images(part.images, fakes.images);
    return discriminator_gradients(part, fakes);
  });
}

// And what comes after each update of the discriminator.
Loss OrderedStep::end_discriminator(Update update) {
  const Loss loss = end(std::move(update));
  clip_weights();
  move_objective();
  discriminator_updates_ += 1;
  return loss;
}

OrderedStep::Update OrderedStep::begin(Optimizer& optimizer, const Batch& batch, const Work& work) {
  const Share own = own_share(batch);
  const int64_t ranks = is_divided() ? pair_->sharing->group().size() : 1;
  parts_ = parts_of(own, ranks, pair_->accumulate, pair_->fewest_rows);
  share_ = own;
  // What a step that failed left.
  reals_.reset();
  observed_.reset();
  length_.reset();
  is_survey_ = false;
  surveyed_.clear();
  if (pair_->sharing) pair_->sharing->expect(optimizer.learning());
  Gradients found = parts_ == 1 ? work(batch, 0) : work_in_parts(batch, own, work);
  Update update{optimizer, std::move(found), nullptr, std::move(length_)};
  if (pair_->sharing) {
    update.launched =
        pair_->sharing->launch(update.found.of_parameters, side_by_side(update.found.loss));
  }
  return update;
}

Loss OrderedStep::end(Update update) {
  Loss loss = update.found.loss;
  if (update.launched) {
    const at::Tensor both = pair_->sharing->collect(update.launched);
    loss = {both[0], loss.penalty.defined() ? both[1] : at::Tensor()};
  }
  if (pair_->sharing) share_styles();
  apply(update.optimizer, std::move(update.found.of_parameters));
  return loss;
}

// Each pass moved them linearly, by the mean of a rank's rows: a mean of the ranks' is that of one
// rank that has all rows. Of each update, since the next may divide other rows.
void OrderedStep::share_styles() const {
  for (Network* network : {pair_->generator.get(), pair_->discriminator.get()}) {
    for (const at::Tensor& average : style_averages(network->body())) {
      // In float64: what is the same everywhere stays as it is.
      at::Tensor(average).copy_(pair_->sharing->mean(average.to(at::kDouble)));
    }
  }
}

Loss OrderedStep::end_generator(Update update) {
  const at::Tensor length = update.length;
  const Loss loss = end(std::move(update));
  if (length.defined()) pair_->path_length->go_on(over_ranks(length));
  return loss;
}

// The average moves after each update: after the last one whoever asked for the step moves it.
Loss OrderedStep::end_and_go_on(Update update) {
  const Loss loss = end_generator(std::move(update));
  if (pair_->average) {
    pair_->average->end(*pair_->generator);
    pair_->average->begin();
  }
  return loss;
}

Gradients OrderedStep::work_in_parts(const Batch& batch, const Share& own, const Work& work) {
  reals_ = batch.images;
  if (pair_->objective->couples()) survey(batch, own, work);
  Gradients sum;
  each_part(batch, own,
            [&](const Batch& part, size_t place) { sum.add(work(part, place), share_.weight); });
  reals_.reset();
  surveyed_.clear();
  return sum;
}

void OrderedStep::survey(const Batch& batch, const Share& own, const Work& work) {
  const at::NoGradGuard no_grad;
  const Rewind start(*pair_, /*undoes=*/true);
  const uint64_t passes = pass_streams_.passes();
  surveyed_.clear();
  is_survey_ = true;
  each_part(batch, own, work);
  is_survey_ = false;
  start.go_back();
  pass_streams_.go_back(passes);
}

void OrderedStep::each_part(const Batch& batch, const Share& own,
                            const std::function<void(const Batch&, size_t)>& work) {
  const Rewind start(*pair_);
  StyleMeans styles(*pair_);
  for (int64_t part = 0; part < parts_; ++part) {
    if (part > 0) start.go_back();
    share_ = part_of(own, part, parts_);
    work(rows_of(batch, share_.start - own.start, share_.rows), static_cast<size_t>(part));
    styles.add(share_.weight);
  }
  styles.apply();
}

double OrderedStep::own_weight() const {
  const bool is_everybodys = pair_->sharing && !is_divided();
  return is_everybodys ? 1 / static_cast<double>(pair_->sharing->group().size()) : 1;
}

Scores OrderedStep::met(const Scores& own) const {
  if (!pair_->objective->couples()) return own;
  return {met(own.real, &Scores::real), met(own.fake, &Scores::fake)};
}

at::Tensor OrderedStep::met(const at::Tensor& own, at::Tensor Scores::* which) const {
  const auto& sharing = pair_->sharing;
  if (!own.defined()) return own;
  if (surveyed_.empty()) return sharing ? sharing->whole(own) : own;
  std::vector<at::Tensor> parts;
  for (const Scores& part : surveyed_) parts.push_back(part.*which);
  const at::Tensor all = sharing ? sharing->whole(at::cat(parts)) : at::cat(parts);
  if (!own.requires_grad()) return all;
  const double weight = is_divided() ? sharing->share().weight : 1;
  return with_own(all, own, share_.start, weight * share_.weight);
}

Share OrderedStep::own_share(const Batch& batch) const {
  if (pair_->sharing) return pair_->sharing->share();
  const int64_t rows = batch.images.size(0);
  return {0, rows, rows, 1};
}

Rows OrderedStep::rows(const at::Device& device) const {
  Rows::Sum sum;
  if (is_divided()) {
    sum = [&group = pair_->sharing->group()](const at::Tensor& own) { group.sum(own); };
  }
  return {pair_->stream->on(device), &share_, reals_, std::move(sum)};
}

LatentBatch OrderedStep::draw_latent(int64_t count) const {
  const at::Device& device = pair_->generator->device();
  const auto options = at::TensorOptions(device).dtype(pair_->generator->precision());
  return sparring::draw_latent(pair_->latent, count, options, rows(device));
}

RandomStream* OrderedStep::pass_stream() {
  return draws_from_common() ? pair_->stream.get() : &pass_streams_.next(*pair_->stream);
}

void OrderedStep::skip_pass() {
  if (!draws_from_common()) pass_streams_.skip();
}

std::vector<const Penalty*> OrderedStep::due_penalties() const {
  std::vector<const Penalty*> due;
  for (const auto& penalty : pair_->penalties) {
    if (penalty->is_due(discriminator_updates_)) due.push_back(penalty.get());
  }
  return due;
}

const PathLength* OrderedStep::due_path_length() const {
  const PathLength* const penalty = pair_->path_length.get();
  const bool is_due = penalty && penalty->is_due(pair_->generator_optimizer->updates());
  return is_due ? penalty : nullptr;
}

void OrderedStep::observe(const Scores& scores) {
  const at::NoGradGuard no_grad;
  const at::Tensor seen = pair_->objective->observed(scores);
  if (seen.defined()) add_seen(observed_, seen);
}

void OrderedStep::observe(const at::Tensor& lengths) {
  const at::NoGradGuard no_grad;
  add_seen(length_, lengths.mean());
}

void OrderedStep::add_seen(at::Tensor& mean, const at::Tensor& seen) const {
  if (parts_ == 1) {
    mean = seen;
  } else {
    const at::Tensor weighed = seen * share_.weight;
    mean = mean.defined() ? mean + weighed : weighed;
  }
}

void OrderedStep::move_objective() {
  if (observed_.defined()) pair_->objective->go_on(over_ranks(observed_));
}

at::Tensor OrderedStep::over_ranks(const at::Tensor& mean) const {
  return pair_->sharing ? pair_->sharing->mean(mean) : mean;
}

void OrderedStep::clip_weights() const {
  const double limit = pair_->objective->weight_clip();
  if (limit == 0) return;
  const at::NoGradGuard no_grad;
  for (const at::Tensor& parameter : pair_->discriminator_optimizer->learning()) {
    parameter.clamp_(-limit, limit);
  }
}

}  // namespace sparring
