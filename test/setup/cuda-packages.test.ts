import { expect, it } from "vitest";
import { cudaRequirements } from "../../scripts/setup/download.mjs";

const metadata = `Name: torch
Requires-Dist: filelock
Requires-Dist: cuda-toolkit[cublas,cudart]==13.0.3; platform_system == "Linux"
Requires-Dist: cuda-bindings<14,>=13.0.3; platform_system == "Linux"
Requires-Dist: nvidia-cudnn-cu13==9.20.0.48; platform_system == "Linux"
Requires-Dist: nvidia-opt==1.0; extra == "opt"
Requires-Dist: triton==3.8.0; platform_system == "Linux"

nvidia-in-prose is no requirement
`;

it("the set-up asks for NVIDIA's packages only, and for none that is optional", () => {
  expect(cudaRequirements(metadata, null)).toEqual([
    "cuda-toolkit[cublas,cudart]==13.0.3",
    "nvidia-cudnn-cu13==9.20.0.48",
  ]);
});

it("the set-up adds the headers that CUDA 13 moved out, where CUDA is compiled for", () => {
  expect(cudaRequirements(metadata, "13.0").slice(2)).toEqual([
    "nvidia-cuda-crt==13.0.*",
    "nvidia-cuda-cccl==13.0.*",
  ]);
  expect(cudaRequirements(metadata, "12.8")).toHaveLength(2);
});
