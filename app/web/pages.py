"""The page: a client of the use cases and the API, nothing more. docs/page.md tells its rules."""

from fastapi import APIRouter

from app.web import assets, sign_in
from app.web.request import page, pictures
from app.web.start import home, sample

router = APIRouter(include_in_schema=False)
for module in (home, page, pictures, sign_in, sample, assets):
    router.include_router(module.router)
