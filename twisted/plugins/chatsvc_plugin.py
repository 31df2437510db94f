from twisted.application.service import ServiceMaker

chat = ServiceMaker(
    "chatsvc",
    "chatsvc.tap",
    "A chat that people join with telnet, netcat, a program, or its own client.",
    "chat",
)
