#!/bin/bash
# A run on two machines of eight ranks each: sbatch slurm.sh runs/cluster
#
# A minute and a half before its time is up, and before another job takes its place, every rank gets SIGTERM: the step is
# finished, a checkpoint is written, and the job goes back into the queue. It is started again as it was, and goes on.
#SBATCH --job-name=sparring
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=8
#SBATCH --cpus-per-task=4
#SBATCH --time=08:00:00
#SBATCH --signal=TERM@90
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=%x-%j.log
set -euo pipefail

out=${1:?the run folder, on a disk that the first machine sees after a restart too}
config=${2:-run.json}

# Rank 0 is on the first machine of the job.
MASTER_ADDR=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
# Below those that the system hands out, from 32768 on, of which one may be taken.
MASTER_PORT=$((20000 + SLURM_JOB_ID % 12000))
export MASTER_ADDR MASTER_PORT OMP_NUM_THREADS=$SLURM_CPUS_PER_TASK
# What srun does not take over from sbatch since Slurm 22.05.
export SRUN_CPUS_PER_TASK=$SLURM_CPUS_PER_TASK
# The interface between the machines, where that is not the one of the host's name:
# export GLOO_SOCKET_IFNAME=ib0

code=0
srun --kill-on-bad-exit=0 \
  node_modules/.bin/sparring train "$config" --out "$out" --restartable --timeout 120 || code=$?

# 75: a rank was lost; above 128: that rank, or all of them, had a signal. Anything else would fail again.
if { [ "$code" = 75 ] || [ "$code" -gt 128 ]; } && [ "${SLURM_RESTART_COUNT:-0}" -lt 20 ]; then
  scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"
