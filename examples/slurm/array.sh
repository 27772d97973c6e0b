#!/bin/bash
# A Slurm array: one task a participant, then one table. In the project's folder, after `. .venv/bin/activate`:
#   N=$(ls -d DATASET/sub-* | wc -l)
#   ID=$(sbatch --parsable --array=1-$N%20 examples/slurm/array.sh DATASET RESULTS)
#   sbatch --dependency=afterany:$ID --wrap "python -m uad_core bids DATASET RESULTS group"
# An array that was broken off is sent again as it is: what is done is not done again.
#SBATCH --job-name=uad
#SBATCH --cpus-per-task=1
#SBATCH --mem=2G
#SBATCH --time=00:30:00
set -euo pipefail
dataset=$1 results=$2
participant=$(find "$dataset" -maxdepth 1 -name "sub-*" -printf "%f\n" | sort | sed -n "${SLURM_ARRAY_TASK_ID}p")
exec python -m uad_core bids "$dataset" "$results" participant --jobs 1 --participant-label "$participant"
