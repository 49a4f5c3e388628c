"""Makes `import torchvision` work beside a CPU build of torch: import this module first.

An index may hold torchvision only as a CUDA build. Its compiled part does not load beside a CPU
torch, and its Python part then stops at the first operator that it wants to describe ("operator
torchvision::nms does not exist"). The parts that the tests use (utils.make_grid, utils.save_image,
transforms.Resize) call none of these operators, so it is enough that they are declared; calling one
still fails.
"""

import torch

_FORWARD = {
    "nms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "roi_align": "(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width,"
    " int sampling_ratio, bool aligned) -> Tensor",
    "roi_pool": "(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width)"
    " -> (Tensor, Tensor)",
    "ps_roi_align": "(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width,"
    " int sampling_ratio) -> (Tensor, Tensor)",
    "ps_roi_pool": "(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width)"
    " -> (Tensor, Tensor)",
    "deform_conv2d": "(Tensor input, Tensor weight, Tensor offset, Tensor mask, Tensor bias, SymInt stride_h,"
    " SymInt stride_w, SymInt pad_h, SymInt pad_w, SymInt dilation_h, SymInt dilation_w, SymInt groups,"
    " SymInt offset_groups, bool use_mask) -> Tensor",
}
_BACKWARD = ["roi_align", "roi_pool", "ps_roi_align", "ps_roi_pool", "deform_conv2d"]


def _declare_missing_operators():
    library = torch.library.Library("torchvision", "DEF")
    for name, signature in _FORWARD.items():
        library.define(name + signature)
    for name in _BACKWARD:
        library.define(f"_{name}_backward(Tensor grad) -> Tensor")
    return library


try:
    import torchvision  # noqa: F401
except RuntimeError as error:
    if "torchvision::" not in str(error):
        raise
    # Kept for as long as the process lives: a library that is collected takes its operators along.
    _library = _declare_missing_operators()
    import torchvision  # noqa: F401
