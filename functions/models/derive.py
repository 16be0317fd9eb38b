"""Rewrites Silero VAD so that many windows go through it in one call; `README.md` beside it says why and how to run it.

The published graph takes one window of each stream a call, in small convolutions. Only its LSTM looks back, so everything
before it can judge all windows at once: the same weights, with convolutions written as matrix products over windows, and
ONNX's own LSTM over the steps. 16 kHz only.

    python3 derive.py silero_vad_v6.onnx silero_vad_v6_sequence.onnx
"""

import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

PREFIX = "If_0_then_branch__Inline_0__"  # The branch for 16 kHz.
HIDDEN = 128

source, target = sys.argv[1:]
branch = next(
    attribute.g
    for node in onnx.load(source).graph.node
    if node.op_type == "If"
    for attribute in node.attribute
    if attribute.name == "then_branch"
)
weights = {
    node.output[0].removeprefix(PREFIX): numpy_helper.to_array(node.attribute[0].t)
    for node in branch.node
    if node.op_type == "Constant"
}

nodes, constants = [], []


def constant(name, values, dtype=np.float32):
    constants.append(numpy_helper.from_array(np.ascontiguousarray(values, dtype), name))
    return name


def integers(name, *values):
    return constant(name, values, np.int64)


def add(kind, inputs, output, **attributes):
    outputs = [output] if isinstance(output, str) else output
    nodes.append(helper.make_node(kind, inputs, outputs, name=outputs[0], **attributes))
    return output


def reshape(tensor, name, *shape):
    return add("Reshape", [tensor, integers(f"{name}_shape", *shape)], name)


def convolution(tensor, layer, matrix):
    """A layer of the encoder on windows: one matrix product over all places at once, bias, ReLU."""
    product = add("MatMul", [tensor, constant(f"encoder{layer}_weight", matrix)], f"encoder{layer}_product")
    bias = weights[f"encoder.{layer}.reparam_conv.bias"]
    tiled = constant(f"encoder{layer}_bias", np.tile(bias, matrix.shape[1] // len(bias)))
    return add("Relu", [add("Add", [product, tiled], f"encoder{layer}_sum")], f"encoder{layer}")


def over_places(layer, places, stride):
    """A kernel of 3 as one matrix from all places that come in to all that go out; beyond both ends lie zeros."""
    kernel = weights[f"encoder.{layer}.reparam_conv.weight"]
    out, channels, _ = kernel.shape
    matrix = np.zeros((places, channels, places // stride, out), np.float32)
    for target in range(places // stride):
        for tap in range(3):
            if 0 <= target * stride + tap - 1 < places:
                matrix[target * stride + tap - 1, :, target] = kernel[:, :, tap].T
    return matrix.reshape(places * channels, -1)


# Spectrum: four frames of each window, of 256 samples that mirror each other about the middle one; the very first weighs nothing.
# Cosines are alike on both sides, sines opposite, so they meet sums and differences of mirrored samples: half the products.
cosines, sines = np.split(weights["stft.forward_basis_buffer"][:, 0, 1:].T, 2, axis=1)
cosines = np.concatenate([(cosines[:127] + cosines[:127:-1]) / 2, cosines[127:128] / 2])
sines = np.concatenate([(sines[:127] - sines[:127:-1]) / 2, sines[127:128] * 0])
before = reshape("before", "before_frames", -1, 4, 128)
behind = add("Gather", [reshape("behind", "behind_frames", -1, 4, 128), integers("backwards", 3, 2, 1, 0)], "mirrored", axis=1)
real = add("MatMul", [add("Add", [before, behind], "sums"), constant("cosines", cosines)], "real")
imaginary = add("MatMul", [add("Sub", [before, behind], "differences"), constant("sines", sines)], "imaginary")
squares = [add("Mul", [part, part], f"{part}_squared") for part in (real, imaginary)]
magnitude = reshape(add("Sqrt", [add("Add", squares, "power")], "spectrum"), "magnitude", -1, 4 * 129)

# Encoder. Kernels of 3 over four frames, two, one and one; layers 1 and 2 take every other place.
layer0 = convolution(add("Mul", [magnitude, "gains"], "raised"), 0, over_places(0, 4, 1))
layer1 = convolution(layer0, 1, over_places(1, 4, 2))
layer2 = convolution(layer1, 2, over_places(2, 2, 2))
layer3 = convolution(layer2, 3, over_places(3, 1, 1))

# Decoder: the steps of each lane one after the other. ONNX orders gates i, o, f, c; PyTorch i, f, g, o.
lanes = add("Slice", [add("Shape", ["h"], "h_shape"), integers("one", 1), integers("two", 2)], "lanes")
shape = add("Concat", [integers("any_steps", -1), lanes, integers("hidden", HIDDEN)], "steps_shape", axis=0)
steps = add("Reshape", [layer3, shape], "steps")


def gates(name):
    i, f, g, o = np.split(weights[f"decoder.rnn.{name}"], 4)
    return np.concatenate([i, o, f, g])


lstm = [
    constant("lstm_w", gates("weight_ih")[None]),
    constant("lstm_r", gates("weight_hh")[None]),
    constant("lstm_b", np.concatenate([gates("bias_ih"), gates("bias_hh")])[None]),
]
add("LSTM", [steps, *lstm, "", "h", "c"], ["lstm", "h_next", "c_next"], hidden_size=HIDDEN)
logits = add("MatMul", [add("Relu", ["lstm"], "heard"), constant("out_w", weights["decoder.decoder.2.weight"][0])], "out")
biased = add("Add", [logits, constant("out_b", weights["decoder.decoder.2.bias"])], "logits")
flat = add("Concat", [integers("any_steps_out", -1), lanes], "probabilities_shape", axis=0)
add("Reshape", [add("Sigmoid", [biased], "sigmoid"), flat], "probabilities")


def tensor(name, *shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))


graph = helper.make_graph(
    nodes,
    "silero_vad_v6_sequence",
    [tensor("before", "windows", 512), tensor("behind", "windows", 512), tensor("gains", "windows", 1), tensor("h", 1, "lanes", HIDDEN), tensor("c", 1, "lanes", HIDDEN)],
    [tensor("probabilities", "steps", "lanes"), tensor("h_next", 1, "lanes", HIDDEN), tensor("c_next", 1, "lanes", HIDDEN)],
    constants,
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=8)
onnx.checker.check_model(model)
onnx.save(model, target)
