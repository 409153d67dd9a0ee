"""Laws of the measurements: hand-counted answers, and an independent tool beside them."""

import time

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from course_utils import measure, models

NETWORKS = {
    "reference": (lambda: models.SimplifiedCNN(), (1, 32, 32)),
    "narrow": (lambda: models.SimplifiedCNN(channels=(3, 5), hidden=7), (1, 32, 32)),
    "strided, grouped": (
        lambda: nn.Sequential(nn.Conv2d(4, 8, (3, 5), stride=2, groups=2, bias=False),
                              nn.Conv2d(8, 8, 1), nn.Flatten(), nn.Linear(8 * 7 * 6, 3)),
        (4, 16, 16),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_macs_are_half_of_what_torchs_flop_counter_counts(name):
    make, shape = NETWORKS[name]
    network = make().eval()
    with FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, *shape))
    assert measure.macs(network, shape) == counter.get_total_flops() / 2


def test_macs_by_hand():
    layers = measure.macs_by_layer(models.SimplifiedCNN())
    assert layers == {
        "conv1": 9 * 1 * 16 * 32 * 32,
        "conv2": 9 * 16 * 32 * 16 * 16,
        "fc1": 2048 * 128,
        "fc2": 128 * 10,
    }


def test_a_layer_used_twice_costs_twice():
    layer = nn.Linear(4, 4)
    assert measure.macs(nn.Sequential(layer, layer), (4,)) == 2 * 16


def test_parameters_and_nonzeros_by_hand():
    network = models.SimplifiedCNN()
    assert measure.parameters(network) == 268_362
    with torch.no_grad():
        network.fc1.weight[:, :1000] = 0
    assert measure.nonzeros(network) == 268_362 - 128_000
    assert measure.parameters(network) == 268_362  # a zero is still a parameter


def test_file_bytes_are_the_whole_file(tmp_path):
    path = models.save_network(models.SimplifiedCNN(), tmp_path / "net.safetensors")
    assert measure.file_bytes(path) == len(path.read_bytes()) > 4 * 268_362


@pytest.mark.parametrize(("images", "bytes_"), [(1, 131_072), (7, 7 * 131_072)])
def test_peak_memory_by_hand(images, bytes_):
    """Worst moment of SimplifiedCNN: conv1's output and its ReLU, 16 x 32 x 32 floats each."""
    network = models.SimplifiedCNN()
    assert measure.peak_memory(network, torch.rand(images, 1, 32, 32)) == bytes_


def test_peak_memory_forgets_what_died():
    """A chain of equal layers holds two outputs at a time, however long it is."""
    chain = nn.Sequential(*(nn.Linear(100, 100, bias=False) for _ in range(20)))
    assert measure.peak_memory(chain, torch.rand(10, 100)) == 2 * 10 * 100 * 4


def test_views_and_in_place_operations_cost_nothing():
    network = nn.Sequential(nn.Flatten(), nn.ReLU(inplace=True))
    assert measure.peak_memory(network, torch.rand(3, 2, 4)) == 0


class Sleeper:
    def __init__(self, seconds):
        self.seconds, self.calls = seconds, 0

    def __call__(self, images):
        self.calls += 1
        time.sleep(self.seconds)


def test_latency_is_seconds_a_pass_with_an_ordered_spread():
    found = measure.latency(Sleeper(0.004), torch.zeros(1), runs=5, warmup=1)
    assert len(found.values) == 5 and found.low <= found.median <= found.high
    assert found.median >= 0.004


def test_the_ratio_is_ours_over_theirs():
    ratio = measure.latency_ratio(Sleeper(0.02), Sleeper(0.004), torch.zeros(1), runs=5, warmup=0)
    assert ratio.median > 1.5


def test_the_two_run_in_turns():
    order = []
    measure.latency_ratio(lambda x: order.append("a") or time.sleep(0.003),
                          lambda x: order.append("b") or time.sleep(0.003),
                          torch.zeros(1), runs=4, warmup=0)  # fmt: skip
    timed = "".join(order)[-8:]
    assert timed in ("baabbaab", "abbaabba")  # and nobody is always second


def test_short_passes_are_repeated_until_a_clock_tick_does_not_count():
    calls = []
    measure.latency(lambda images: calls.append(1), torch.zeros(1), runs=3, warmup=0)
    assert len(calls) > 30  # a single pass a run would make 5


def test_spread_is_median_and_quartiles():
    spread = measure.Spread.of([5.0, 1.0, 2.0, 4.0, 3.0])
    assert (spread.low, spread.median, spread.high) == (2, 3, 4)


def test_courtesy_modes_and_hooks():
    network = models.SimplifiedCNN().train()
    network.conv2.eval()  # one layer frozen by the caller: it stays so
    images = torch.rand(2, 1, 32, 32)
    measure.macs(network)
    measure.latency(network, images, runs=3, warmup=0)
    measure.peak_memory(network, images)
    with pytest.raises(ValueError, match="takes images of shape"):
        measure.macs(network, (3, 32, 32))
    assert all(m.training == (m is not network.conv2) for m in network.modules())
    assert all(not m._forward_hooks for m in network.modules())


def test_messages():
    with pytest.raises(ValueError, match=r"Sequential does not say what it takes.*input_shape="):
        measure.macs(nn.Sequential(nn.Linear(3, 3)))
    with pytest.raises(ValueError, match="at least 3"):
        measure.latency(Sleeper(0), torch.zeros(1), runs=1)


def test_onnx_and_torch_are_counted_alike_and_never_raced():
    network, twin = models.load_network("SimplifiedCNN"), models.load_network("SimplifiedCNN.onnx")
    integer = models.load_network("IntegerQuantizedCNN")
    for other in (twin, integer):
        assert measure.parameters(other) == measure.parameters(network)
        assert measure.macs(other) == measure.macs(network)
    with pytest.raises(ValueError, match="compare the runtimes"):
        measure.latency_ratio(twin, network, torch.zeros(1, 1, 32, 32))
