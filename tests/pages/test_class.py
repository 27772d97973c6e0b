"""A class at one server, each with a scan: nothing is lost, nothing crossed, and forgetting takes one's own alone."""

import gzip
import time

import nibabel as nib
import numpy as np
import pytest

from tools.app_client import AppClient
from tools.running_app import running_app
from uad_core.io.paths import SAMPLES

OWN = "scan=My+own+scan"
NONE = "No scan of yours is loaded"


def scan_of(number: int, name: str = "sub-healthy01") -> bytes:
    """A bundled scan whose brightest voxel names its owner."""
    image = nib.load(SAMPLES / f"{name}_FLAIR.nii.gz")
    values = np.asanyarray(image.dataobj).astype(np.int16)
    values[values == values.max()] = 5000 + number
    return gzip.compress(nib.Nifti1Image(values, image.affine).to_bytes(), 1)


def owner(client: AppClient) -> int | None:
    """Whose scan the page shows."""
    facts = next((text for text in client.texts if "**Grey values**" in text), None)
    return None if facts is None else int(facts.split("**Grey values**: 0 to ")[1].split(",")[0]) - 5000


def bring(client: AppClient, number: int) -> None:
    client.page = "scan"
    client.run()
    client.upload("A NIfTI file", f"scan {number}.nii.gz", scan_of(number))
    client.query = OWN
    shown(client)


def shown(client: AppClient) -> int | None:
    """The owner, once the header was read: the work of others may go before it."""
    for _ in range(300):
        client.run()
        if owner(client) is not None or client.says(NONE):
            return owner(client)
        time.sleep(0.2)
    raise TimeoutError(str(client.texts))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with running_app(tmp_path_factory.mktemp("class") / "log.txt", "--server.disconnectedSessionTTL=2") as address:
        yield address


def test_ten_with_a_scan_each_and_forty_who_look_lose_none_and_see_no_others(place):
    clients = [AppClient(place).__enter__() for _ in range(10)]
    lookers = [AppClient(place).__enter__() for _ in range(40)]
    for number, client in enumerate(clients):
        bring(client, number)
        for looker in lookers[4 * number : 4 * number + 4]:
            looker.page = "scan"
            looker.query = OWN
            looker.run()
            assert looker.says(NONE)
    assert [shown(client) for client in clients] == list(range(10))
    tab = AppClient(place, dict(clients[3].cookies)).__enter__()  # or after a reload
    tab.page, tab.query = "scan", OWN
    assert shown(tab) == 3
    clients[3].press("Forget my scans")
    assert clients[3].says(NONE)
    assert [shown(client) for client in (*clients[:3], *clients[4:])] == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    tab.run()
    assert tab.says(NONE)
    for client in (*clients, *lookers, tab):
        client.socket.close()


def test_who_forgets_does_not_stop_the_same_work_of_another(place):
    data = scan_of(0, "sub-rawms03")  # a raw head that nobody prepared before
    with AppClient(place) as one, AppClient(place) as other:
        for client in (one, other):
            client.page = "scan"
            client.run()
            client.upload("A NIfTI file", "scan.nii.gz", data)
        for _ in range(300):  # until the slow work is under way, for both
            if other.says("Strip the skull"):
                break
            time.sleep(0.2)
            other.run()
        assert other.says("Strip the skull")
        one.press("Forget my scans")
        assert one.says(NONE)
        other.run()
        assert not other.says("in the line")  # it did not begin anew
        assert not other.says("Cancelled")
        assert other.settle(250)
        assert other.says("The skull was removed")
