from tests.service.conftest import service

__all__ = ["service"]
