from tests.service.pictures import RED, plain
from tests.service.serving import Service


def test_the_service_lives(service: Service) -> None:
    assert service.client.get("/livez").json() == {"status": "ok"}


def test_readiness_tells_the_model_and_what_awaits_it(service: Service, collection: str) -> None:
    service.client.post(f"/v1/collections/{collection}/images", files={"files": ("a.png", plain(RED))})
    answer = service.client.get("/readyz")
    assert answer.status_code == 200
    body = answer.json()
    assert collection not in answer.text  # it needs no key
    assert (body["status"], body["model"]) == ("ok", "colours-1")
    assert body["reembedding"] == {"running": False, "model": "colours-1", "pending": 0}


def test_the_model_is_described(service: Service) -> None:
    assert service.client.get("/v1/model").json() == {
        "version": "colours-1",
        "dim": 3,
        "scoring": "asymmetric",
        "languages": ["de", "en"],
    }
