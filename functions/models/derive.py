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


def cut(tensor, name, axis, start, end):
    bounds = [integers(f"{name}_{part}", value) for part, value in (("start", start), ("end", end), ("axis", axis))]
    return add("Slice", [tensor, *bounds], name)


def reshape(tensor, name, *shape):
    return add("Reshape", [tensor, integers(f"{name}_shape", *shape)], name)


def convolution(tensor, layer, taps):
    """A layer of the encoder on windows whose taps already lie side by side: one matrix product, bias, ReLU."""
    kernel = weights[f"encoder.{layer}.reparam_conv.weight"]
    matrix = np.concatenate([kernel[:, :, tap].T for tap in taps])
    product = add("MatMul", [tensor, constant(f"encoder{layer}_weight", matrix)], f"encoder{layer}_product")
    bias = constant(f"encoder{layer}_bias", weights[f"encoder.{layer}.reparam_conv.bias"])
    return add("Relu", [add("Add", [product, bias], f"encoder{layer}_sum")], f"encoder{layer}")


# Spectrum: four frames of 256 samples, 128 apart, of a window with its context and 64 reflected samples behind it.
padded = add("Pad", ["windows", integers("reflection", 0, 0, 0, 64)], "padded", mode="reflect")
blocks = reshape(padded, "blocks", -1, 5, 128)
frames = add("Concat", [cut(blocks, "first_halves", 1, 0, 4), cut(blocks, "second_halves", 1, 1, 5)], "frames", axis=2)
basis = constant("basis", weights["stft.forward_basis_buffer"][:, 0, :].T)
spectrum = add("MatMul", [frames, basis], "spectrum")
real, imaginary = cut(spectrum, "real", 2, 0, 129), cut(spectrum, "imaginary", 2, 129, 258)
squares = [add("Mul", [part, part], f"{part}_squared") for part in (real, imaginary)]
magnitude = add("Sqrt", [add("Add", squares, "power")], "magnitude")

# Encoder. Kernels of 3 over the four frames, zeros at both ends; layers 1 and 2 take every other place.
edged = add("Pad", [magnitude, integers("edges0", 0, 1, 0, 0, 1, 0)], "magnitude_edged")
taps = [cut(edged, f"tap{i}", 1, i, i + 4) for i in range(3)]
layer0 = convolution(add("Concat", taps, "taps0", axis=2), 0, (0, 1, 2))
edged = add("Pad", [layer0, integers("edges1", 0, 1, 0, 0, 0, 0)], "layer0_edged")
places = [reshape(cut(edged, f"place{i}", 1, 2 * i, 2 * i + 3), f"place{i}_taps", -1, 1, 3 * 128) for i in range(2)]
layer1 = convolution(add("Concat", places, "taps1", axis=1), 1, (0, 1, 2))
layer2 = convolution(reshape(layer1, "taps2", -1, 2 * 64), 2, (1, 2))  # Tap 0 meets only the edge,
layer3 = convolution(layer2, 3, (1,))  # and here only tap 1 meets anything else.

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
    [tensor("windows", "steps_lanes", 576), tensor("h", 1, "lanes", HIDDEN), tensor("c", 1, "lanes", HIDDEN)],
    [tensor("probabilities", "steps", "lanes"), tensor("h_next", 1, "lanes", HIDDEN), tensor("c_next", 1, "lanes", HIDDEN)],
    constants,
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=8)
onnx.checker.check_model(model)
onnx.save(model, target)
