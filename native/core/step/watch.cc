#include "core/step/watch.h"

#include <algorithm>
#include <vector>

namespace sparring {
namespace {

// Pairs grow with the square of it.
constexpr int64_t kMostCompared = 64;

// Mean distance of two different samples.
at::Tensor spread(const at::Tensor& samples) {
  if (samples.size(0) < 2) return at::zeros({}, samples.options());
  return at::pdist(samples.flatten(1).to(at::kFloat).contiguous()).mean();
}

// Copies: planned networks write the next scores and fakes into the same buffers.
void append(at::Tensor& all, const at::Tensor& more) {
  all = all.defined() ? at::cat({all, more.detach()}) : more.detach().clone();
}

// No more than are compared.
void append_images(at::Tensor& all, const at::Tensor& more) {
  const int64_t room = kMostCompared - (all.defined() ? all.size(0) : 0);
  if (room > 0) append(all, more.narrow(0, 0, std::min(room, more.size(0))));
}

// What it is, unless that is known already.
at::Tensor spread_of(const at::Tensor& samples, const at::Tensor& known) {
  return known.defined() ? known : spread(samples);
}

// What ranks exchange: the first `most` rows of the whole batch, of which each has some.
struct Looked {
  at::Tensor* rows;
  int64_t most;
};

// The size of all of them.
std::vector<int64_t> size_of_all(const Looked& looked, const Share& share) {
  std::vector<int64_t> sizes = looked.rows->sizes().vec();
  sizes[0] = std::min(looked.most, share.total);
  return sizes;
}

// Puts the rows that are this rank's into their place among the first of the whole batch.
void put_in_place(const at::Tensor& all, const at::Tensor& own, const Share& share) {
  const int64_t here = std::min(all.size(0) - share.start, own.size(0));
  if (here > 0) all.narrow(0, share.start, here).copy_(own.narrow(0, 0, here));
}

// Gives every rank all rows.
void put_together(const std::vector<Looked>& looked, Sharing& sharing) {
  const Share& share = sharing.share();
  std::vector<std::vector<int64_t>> sizes;
  int64_t total = 0;
  for (const Looked& one : looked) {
    sizes.push_back(size_of_all(one, share));
    total += c10::multiply_integers(sizes.back());
  }
  // One message, with zeros for the rows of others. Nothing waits for a stream in which a rank that
  // is lost has left its part undone.
  const at::Tensor all = at::zeros({total}, looked[0].rows->options().dtype(at::kFloat));
  int64_t at = 0;
  for (size_t i = 0; i < looked.size(); ++i) {
    const int64_t numbers = c10::multiply_integers(sizes[i]);
    const at::Tensor view = all.narrow(0, at, numbers).view(sizes[i]);
    put_in_place(view, *looked[i].rows, share);
    *looked[i].rows = view;
    at += numbers;
  }
  sharing.group().sum(all);
  sharing.group().settle();
}

// Whether rank 0 has all images that are compared. Their mean distances take all pairs: no rank
// could do a part of it with its own images alone.
bool has_compared(const Share& share, const Group& group) {
  const int64_t rows = share_of(share.total, 0, group.size(), /*fewest=*/1).rows;
  return rows >= std::min(kMostCompared, share.total);
}

at::Tensor share(const at::Tensor& answers) { return answers.to(at::kFloat).mean(); }

// A norm is finite only if everything in it is.
at::Tensor size_of(const Network& network) {
  const std::vector<at::Tensor> parameters = network.parameters();
  if (parameters.empty()) return at::zeros({}, at::TensorOptions(network.device()));
  return at::stack(at::_foreach_norm(parameters)).sum().to(at::kFloat);
}

// A player of fixed layers has no gradient.
at::Tensor norm_or_zero(const at::Tensor& norm, const at::Tensor& like) {
  return norm.defined() ? norm.to(like.options()) : at::zeros_like(like);
}

}  // namespace

void Watch::begin() { real_scores = fake_scores = reals = fakes = at::Tensor(); }

void Watch::add_scores(const at::Tensor& real, const at::Tensor& fake) {
  const at::NoGradGuard no_grad;
  append(real_scores, real);
  append(fake_scores, fake);
}

void Watch::add_images(const at::Tensor& real, const at::Tensor& fake) {
  const at::NoGradGuard no_grad;
  append_images(reals, real);
  append_images(fakes, fake);
}

Watch of_all(const Watch& own, Sharing& sharing) {
  const at::NoGradGuard no_grad;
  const Share& share = sharing.share();
  if (share.is_whole()) return own;
  Watch whole = own;
  std::vector<Looked> looked{{&whole.real_scores, share.total}, {&whole.fake_scores, share.total}};
  if (!has_compared(share, sharing.group())) {
    looked.insert(looked.end(), {{&whole.reals, kMostCompared}, {&whole.fakes, kMostCompared}});
    put_together(looked, sharing);
    return whole;
  }
  // The others need two numbers of rank 0, and no images.
  const auto told = [&share](const at::Tensor& images) {
    const bool is_first = share.start == 0;
    return is_first ? spread(images).view({1}) : at::zeros({1}, images.options());
  };
  at::Tensor reals = told(own.reals), fakes = told(own.fakes);
  looked.insert(looked.end(), {{&reals, 1}, {&fakes, 1}});
  put_together(looked, sharing);
  whole.reals = whole.fakes = at::Tensor();
  whole.real_spread = reals[0], whole.fake_spread = fakes[0];
  return whole;
}

Health health_of(const Watch& watch, const Objective& objective, const Network& generator,
                 const Network& discriminator) {
  const at::NoGradGuard no_grad;
  const at::Tensor &real = watch.real_scores, &fake = watch.fake_scores;
  const at::Tensor real_mean = real.mean(), fake_mean = fake.mean();
  const at::Tensor middle = (real_mean + fake_mean) / 2;
  const bool low = objective.reals_score_low();
  const at::Tensor size = size_of(generator) + size_of(discriminator);
  std::vector<at::Tensor> figures{share(low ? real < middle : real > middle),
                                  share(low ? fake > middle : fake < middle),
                                  real_mean,
                                  fake_mean,
                                  norm_or_zero(watch.generator_gradient, size),
                                  norm_or_zero(watch.discriminator_gradient, size),
                                  spread_of(watch.fakes, watch.fake_spread),
                                  spread_of(watch.reals, watch.real_spread),
                                  size};
  const std::optional<Equilibrium> equilibrium = objective.equilibrium(real_mean, fake_mean);
  if (equilibrium) {
    figures.insert(figures.end(), {equilibrium->convergence, equilibrium->balance});
  }
  for (at::Tensor& figure : figures) figure = figure.to(at::kFloat);
  // Together to the CPU: one wait for the device.
  const at::Tensor all = at::stack(figures).cpu();
  const auto values = all.const_data_ptr<float>();
  // A single real, or a last batch of a few equal ones, is nothing to compare with.
  std::optional<double> diversity;
  if (values[7] > 0) diversity = values[6] / values[7];
  std::optional<double> convergence, balance;
  if (equilibrium) convergence = values[9], balance = values[10];
  return {values[0], values[1], values[2],   values[3], values[4],
          values[5], diversity, convergence, balance,   std::isfinite(values[8])};
}

}  // namespace sparring
