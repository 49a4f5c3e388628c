// One update of a network's parameters from their gradients, in two forms that agree to rounding.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/optim/one_pass.h"
#include "core/optim/schedule.h"
#include "core/torch.h"

namespace sparring {

class AdamKernel;

// An optimizer with its schedule and clipping, as data.
struct OptimizerChoice {
  Choice optimizer, schedule;
  double clip_grad_norm = 0, clip_grad_value = 0;  // 0: off
};

// Averages of the parameters, in their order: an update moves each by `weight` of the way to what
// its parameter has become.
struct Following {
  std::vector<at::Tensor> averages;
  double weight = 0;
  // The weight where the averages are, float64, 0-dim; undefined on the CPU.
  at::Tensor weight_there;
  bool is_done = false;  // for this update
};

class Optimizer {
 public:
  Optimizer(std::vector<at::Tensor> parameters, double lr);
  virtual ~Optimizer() = default;

  // The schedule and the clipping of a choice. Before the first update.
  void take_rules(const OptimizerChoice& choice);
  // Leaves some parameters as they are, by their places, as where Python's do not require a
  // gradient. Before the first update.
  void freeze(const std::vector<bool>& frozen);

  // Operation by operation as Python's single-tensor path, so equal bit for bit. Gradients are in
  // the order of learning(); as there, a parameter whose gradient is undefined is left alone.
  void step_exact(std::vector<at::Tensor> gradients);
  // step_exact() in as few passes over memory as libtorch has. Gradients may have any strides.
  void step_fused(std::vector<at::Tensor> gradients);

  const std::vector<at::Tensor>& parameters() const { return parameters_; }
  // Those that are not frozen: what gradients are asked for.
  const std::vector<at::Tensor>& learning() const { return learning_; }
  const std::vector<at::Tensor>& frozen() const { return frozen_; }
  // What it remembers of each parameter, by torch.optim's name for it; each list in the order of
  // parameters(). The tensors themselves.
  const std::vector<std::pair<std::string, std::vector<at::Tensor>>>& states() const {
    return states_;
  }

  // Updates done, which rates and corrections depend on: those of the optimizer and of each
  // parameter.
  struct Counts {
    int64_t updates;
    std::vector<int64_t> of_parameters;
  };
  Counts counts() const { return {updates_, parameter_updates_}; }
  // Those of the optimizer, without a present one.
  int64_t updates() const { return updates_; }
  // Goes on from there, on the device too where it counts by itself.
  virtual void set_counts(Counts counts);
  // While it is not null, updates in one pass take the averages along: all of them on the CPU, on a
  // GPU those that read the weight there, as a replay would keep any other.
  void lead(Following* following) { following_ = following; }

  // Counts a replay's updates on the host: the device has counted its own, and moved the averages.
  void add_counts(const Counts& more);

  // While it is not null, the norm over all gradients of an update goes there, 0-dim.
  void watch(at::Tensor* norm) { watched_ = norm; }

  // Whether updates that were recorded once, `each` of them at a time, can be replayed: nothing
  // that the host computes anew changes them, but for a rate that it hands over in between.
  bool is_recordable(int64_t each) const;
  // Hands the rate of the next update to the device, if that is where it is read.
  void announce_rate() { take_rate(schedule_(lr_, updates_)); }
  // The rate of the last update; before the first, its.
  double last_rate() const { return schedule_(lr_, std::max<int64_t>(updates_ - 1, 0)); }

 protected:
  // Zeros like each parameter, under torch.optim's name for them.
  std::vector<at::Tensor>& make_state(const std::string& name);
  // One parameter; `updates` counts those of this parameter, this one included.
  virtual void update(size_t index, const at::Tensor& gradient, double lr, int64_t updates) = 0;
  // Updates the parameters that have a gradient; lists are aligned.
  virtual void update_all(const std::vector<size_t>& indices,
                          const std::vector<at::Tensor>& gradients, double lr);
  // True for one whose update_all() moves the averages that follow the parameters it is given.
  virtual bool averages_within() const { return false; }
  // Null where none follow, or not by an update of this one.
  Following* following() const;
  // Of one parameter.
  Follower follower(size_t index) const;
  // That of one parameter; undefined where there is no such list.
  static const at::Tensor& of_one(const std::vector<at::Tensor>* list, size_t index);
  bool is_on_cpu() const { return parameters_.empty() || parameters_[0].is_cpu(); }
  // True for one whose updates do not depend on how many there were, but for the rate.
  virtual bool is_steady() const { return true; }
  // True for one that reads its rate from the device.
  virtual bool reads_rate() const { return false; }
  virtual void take_rate(double) {}
  // How often one parameter was updated, the present time included.
  int64_t parameter_updates(size_t index) const { return parameter_updates_[index]; }

 private:
  // Moves the averages that update_all() did not, of the parameters it was not given or of all.
  void move_averages(const std::vector<size_t>& updated) const;
  // Clips, and says which gradients there are.
  std::vector<size_t> prepare(std::vector<at::Tensor>& gradients) const;
  // Gradients of learning(), in the order of parameters().
  std::vector<at::Tensor> of_all(std::vector<at::Tensor> gradients) const;

  std::vector<at::Tensor> parameters_, learning_, frozen_;
  std::vector<size_t> places_;  // those of learning_ among the parameters
  // Subclasses hold references into it, so it never grows beyond what is reserved.
  std::vector<std::pair<std::string, std::vector<at::Tensor>>> states_;
  std::vector<int64_t> parameter_updates_;
  double lr_;
  double clip_grad_norm_ = 0, clip_grad_value_ = 0;
  Schedule schedule_;
  bool has_constant_rate_ = true;
  at::Tensor* watched_ = nullptr;
  Following* following_ = nullptr;
  int64_t updates_ = 0;
};

// Throws ERR_NATIVE for a name that has no file.
std::unique_ptr<Optimizer> make_optimizer(const OptimizerChoice& choice,
                                          std::vector<at::Tensor> parameters);

// One builder an optimizer, defined in its file.
using OptimizerBuilder = std::unique_ptr<Optimizer> (*)(const Options&, std::vector<at::Tensor>);
std::unique_ptr<Optimizer> make_adam(const Options&, std::vector<at::Tensor>);
// Adam, or AdamW if `decoupled`, as on a device that has this kernel, wherever the parameters are.
// Averages have to follow.
std::unique_ptr<Optimizer> make_adam_by(const AdamKernel& kernel, const Options&,
                                        std::vector<at::Tensor>, bool decoupled);
std::unique_ptr<Optimizer> make_adam_w(const Options&, std::vector<at::Tensor>);
std::unique_ptr<Optimizer> make_rmsprop(const Options&, std::vector<at::Tensor>);
std::unique_ptr<Optimizer> make_sgd(const Options&, std::vector<at::Tensor>);

}  // namespace sparring
